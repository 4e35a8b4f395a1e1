import { dirname } from 'node:path';
import { type BuildOptions, type OutputFile, build } from 'esbuild';
import { compiling } from './compiler.js';
import { ownPackage } from './own-package.js';
import { SOURCE_CONSTANTS, userSources } from './user-sources.js';

/**
 * Bundles a user's TypeScript or JavaScript, CommonJS too, with the files that it imports or requires into one ES module.
 * Packages stay imports, to be resolved from where the bundle will lie; `gatewayworker` becomes this package.
 *
 * @param file where the bundle will lie: its source map is relative to that
 * @returns the bundle; before it its source map, when `options.sourcemap` is `external`
 * @throws esbuild's BuildFailure, whose `errors` name file, line and column; GW_COMPILER
 */
export async function bundle(
  entry: string,
  file: string,
  options: Pick<BuildOptions, 'sourcemap'>,
): Promise<OutputFile[]> {
  const all = {
    ...options,
    entryPoints: [entry],
    outfile: file,
    absWorkingDir: dirname(entry),
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    keepNames: true,
    logLevel: 'silent',
    define: SOURCE_CONSTANTS,
    plugins: [ownPackage, userSources],
  } as const satisfies BuildOptions;
  const { outputFiles } = await compiling(async () => await build(all));
  return outputFiles;
}
