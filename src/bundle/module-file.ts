import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle } from './bundle.js';
import { writeCompiled } from './compiled-folder.js';

/**
 * Imports a user's protocol or router module. TypeScript is bundled into a folder beside it or in `stateDir`, where node
 * finds the user's packages, and so is an ES module that node takes for CommonJS, as in the packages that "npm init -y"
 * makes; the bundle is removed again.
 */
export async function importFile(path: string, stateDir: string): Promise<Record<string, unknown>> {
  const file = resolve(path);
  if (/\.[cm]?ts$/.test(file)) return await importBundled(file, stateDir);
  try {
    return await importUrl(pathToFileURL(file).href);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return await importBundled(file, stateDir);
  }
}

async function importBundled(file: string, stateDir: string): Promise<Record<string, unknown>> {
  const compiled = await writeCompiled(file, stateDir, async (output) => {
    const [code] = await bundle(file, output, { sourcemap: 'inline' });
    return code.text;
  });
  try {
    return await importUrl(compiled.url);
  } finally {
    await compiled.remove();
  }
}

async function importUrl(url: string): Promise<Record<string, unknown>> {
  const exported: Record<string, unknown> = await import(url);
  return exported;
}
