import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/**
 * Imports a user's module, TypeScript too, which is bundled into a folder beside it, where node finds the user's
 * packages; the bundle is removed again.
 */
export async function importFile(path: string): Promise<Record<string, unknown>> {
  const file = resolve(path);
  if (!/\.[cm]?ts$/.test(file)) return importModule(file);

  const folder = join(dirname(file), '.gatewayworker');
  const bundle = join(folder, `${basename(file)}-${randomUUID()}.mjs`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, '.gitignore'), '*\n');
  try {
    await build({
      entryPoints: [file],
      outfile: bundle,
      bundle: true,
      packages: 'external',
      platform: 'node',
      target: 'node20',
      format: 'esm',
      sourcemap: 'inline',
      logLevel: 'silent',
    });
    return await importModule(bundle);
  } finally {
    await rm(bundle, { force: true });
  }
}

async function importModule(file: string): Promise<Record<string, unknown>> {
  const exported: Record<string, unknown> = await import(pathToFileURL(file).href);
  return exported;
}
