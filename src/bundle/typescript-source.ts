import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';

/** What node gets for a TypeScript module: JavaScript, with a source map in it. */
export interface LoadedSource {
  readonly format: 'module';
  readonly source: string;
  readonly shortCircuit: true;
}

/**
 * A TypeScript module of the user's as JavaScript, made as `events/` is, so that a test and a node run the same. The types are
 * not checked.
 *
 * @returns undefined for everything else, packages included, which are JavaScript
 * @throws esbuild's failure, with file, line and column
 */
export function typescriptSource(url: string): LoadedSource | undefined {
  if (!/^file:.*\.m?ts(?:[?#]|$)/.test(url) || url.includes('/node_modules/')) return undefined;
  const file = fileURLToPath(url);
  const { code } = transformSync(readFileSync(file, 'utf8'), {
    loader: 'ts',
    format: 'esm',
    target: 'node20',
    sourcefile: file,
    sourcemap: 'inline',
    keepNames: true,
    logLevel: 'silent',
  });
  return { format: 'module', source: code, shortCircuit: true };
}
