import { dirname } from 'node:path';
import { type BuildOptions, type OutputFile, type Plugin, build } from 'esbuild';
import { compiling } from './compiler.js';
import { SOURCE_CONSTANTS, userSources } from './user-sources.js';

/** This package as it runs, so that user code and the framework share one instance of it. */
const OWN_MODULES: Readonly<Record<string, string>> = {
  gatewayworker: new URL('../index.js', import.meta.url).href,
  'gatewayworker/client': new URL('../client/index.js', import.meta.url).href,
  'gatewayworker/database': new URL('../database/index.js', import.meta.url).href,
};

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

const ownPackage: Plugin = {
  name: 'own-package',
  setup(hooks) {
    hooks.onResolve({ filter: /^gatewayworker(?:\/(?:client|database))?$/ }, ({ path, kind }) =>
      kind === 'require-call'
        ? { path, namespace: 'own-package' }
        : { path: OWN_MODULES[path], external: true },
    );
    // an ES module on its way to CommonJS: imported as everywhere else, and what was imported is what require returns
    hooks.onLoad({ filter: /^/, namespace: 'own-package' }, ({ path }) => ({
      contents: `export * from ${JSON.stringify(path)};`,
    }));
  },
};
