import { readFile } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildOptions, type Loader, type OutputFile, type Plugin, build } from 'esbuild';
import { compiling } from './compiler.js';

/** This package as it runs, so that user code and the framework share one instance of it. */
const OWN_MODULES: Readonly<Record<string, string>> = {
  gatewayworker: new URL('./index.js', import.meta.url).href,
  'gatewayworker/client': new URL('./client/index.js', import.meta.url).href,
};

/**
 * Bundles a user's TypeScript or JavaScript with the files that it imports into one ES module. Packages stay imports, to be
 * resolved from where the bundle will lie; `gatewayworker` becomes this package.
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
    define: {
      'import.meta.url': '__sourceUrl',
      'import.meta.dirname': '__sourceDirname',
      'import.meta.filename': '__sourceFilename',
    },
    plugins: [ownPackage, importMeta],
  } as const satisfies BuildOptions;
  const { outputFiles } = await compiling(async () => await build(all));
  return outputFiles;
}

const ownPackage: Plugin = {
  name: 'own-package',
  setup(hooks) {
    hooks.onResolve({ filter: /^gatewayworker(?:\/client)?$/ }, ({ path }) => ({
      path: OWN_MODULES[path],
      external: true,
    }));
  },
};

/**
 * The bundle lies elsewhere than its sources: each source that asks for its own place is told where it was.
 * The constants stand on the source's first line, so that line numbers stay true.
 */
const importMeta: Plugin = {
  name: 'import-meta',
  setup(hooks) {
    hooks.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!source.includes('import.meta')) return undefined;
      const constants =
        `const __sourceUrl = ${JSON.stringify(pathToFileURL(path).href)}, ` +
        `__sourceDirname = ${JSON.stringify(dirname(path))}, __sourceFilename = ${JSON.stringify(path)};`;
      return { contents: constants + source, loader: loaderOf(path), resolveDir: dirname(path) };
    });
  },
};

function loaderOf(path: string): Loader {
  const extension = extname(path).replace(/^\.[cm]?/, '');
  return extension as Loader;
}
