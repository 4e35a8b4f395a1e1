import { readFile } from 'node:fs/promises';
import type { LoadHook } from 'node:module';
import { transform } from 'esbuild';
import { compileOptions, loadedSource, typescriptFile } from './typescript-source.js';

/** For node before 22.15, which runs hooks in a thread of their own: see typescript.ts. */
export const load: LoadHook = async (url, context, next) => {
  const file = typescriptFile(url);
  if (file === undefined) return await next(url, context);
  const { code } = await transform(await readFile(file, 'utf8'), compileOptions(file));
  return loadedSource(code);
};
