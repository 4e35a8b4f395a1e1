import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle } from '../bundle.js';

/**
 * Imports a user's protocol or router module. TypeScript is bundled into a folder beside it, where node finds the user's
 * packages, and so is an ES module that node takes for CommonJS, as in the packages that "npm init -y" makes; the bundle is
 * removed again.
 */
export async function importFile(path: string): Promise<Record<string, unknown>> {
  const file = resolve(path);
  if (/\.[cm]?ts$/.test(file)) return await importBundled(file);
  try {
    return await importModule(file);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return await importBundled(file);
  }
}

async function importBundled(file: string): Promise<Record<string, unknown>> {
  const folder = join(dirname(file), '.gatewayworker');
  const output = join(folder, `${basename(file)}-${randomUUID()}.mjs`);
  const [code] = await bundle(file, output, { sourcemap: 'inline' });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, '.gitignore'), '*\n');
  try {
    await writeFile(output, code.contents);
    return await importModule(output);
  } finally {
    await rm(output, { force: true });
  }
}

async function importModule(file: string): Promise<Record<string, unknown>> {
  const exported: Record<string, unknown> = await import(pathToFileURL(file).href);
  return exported;
}
