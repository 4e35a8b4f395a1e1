import { fileURLToPath } from 'node:url';
import type { TransformOptions } from 'esbuild';

/** What node gets for a TypeScript module. */
export interface LoadedSource {
  readonly format: 'module';
  readonly source: string;
  readonly shortCircuit: true;
}

/** The file of a module that is TypeScript of the user's; undefined for every other, packages included, which are JavaScript. */
export function typescriptFile(url: string): string | undefined {
  const own = /^file:.*\.m?ts(?:[?#]|$)/.test(url) && !url.includes('/node_modules/');
  return own ? fileURLToPath(url) : undefined;
}

/** How it is compiled: as `events/` is, so that a test and a node run the same. The types are not checked. */
export function compileOptions(file: string): TransformOptions {
  return {
    loader: 'ts',
    format: 'esm',
    target: 'node20',
    sourcefile: file,
    sourcemap: 'inline',
    keepNames: true,
    logLevel: 'silent',
  };
}

export function loadedSource(code: string): LoadedSource {
  return { format: 'module', source: code, shortCircuit: true };
}
