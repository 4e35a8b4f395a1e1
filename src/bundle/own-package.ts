import { readFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';

/** What of our package.json says which modules users can import. */
interface Manifest {
  readonly name: string;
  /** By subpath: `.`, `./client`, `./package.json`. Modules have conditions. */
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
}

const root = new URL('../../', import.meta.url);
const { name, exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as Manifest;

/** This package's modules as users import them, each with the url of the file that runs: `gatewayworker/client`. */
export const OWN_MODULES: ReadonlyMap<string, string> = new Map(
  Object.entries(exports).flatMap(([path, target]) =>
    typeof target === 'string' ? [] : [[name + path.slice(1), new URL(target.default, root).href]],
  ),
);

/** Takes imports of this package to it as it runs, so that user code and the framework share one instance of it. */
export const ownPackage: Plugin = {
  name: 'own-package',
  setup(hooks) {
    hooks.onResolve({ filter: new RegExp(`^${name}(?:/|$)`) }, ({ path, kind }) => {
      const url = OWN_MODULES.get(path);
      if (url === undefined) return undefined;
      return kind === 'require-call' ? { path, namespace: 'own-package' } : { path: url, external: true };
    });
    // an ES module on its way to CommonJS: imported as everywhere else, and what was imported is what require returns
    hooks.onLoad({ filter: /^/, namespace: 'own-package' }, ({ path }) => ({
      contents: `export * from ${JSON.stringify(path)};`,
    }));
  },
};
