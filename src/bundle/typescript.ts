/** TypeScript for tests and scripts: `node --import gatewayworker/typescript --test test/chat.test.ts`. */
import { readFileSync } from 'node:fs';
import * as modules from 'node:module';
import { compileOptions, loadedSource, typescriptFile } from './typescript-source.js';

/** Of node 22.15 and later; its types here are node 20's. */
interface SyncHooks {
  readonly registerHooks?: (hooks: {
    load: (url: string, context: unknown, next: (url: string, context: unknown) => unknown) => unknown;
  }) => void;
}

const { registerHooks } = modules as SyncHooks;
if (registerHooks === undefined) {
  modules.register('./typescript-hooks.js', import.meta.url);
} else {
  // `register` is on its way out where this is, and says so
  const { transformSync } = await import('esbuild');
  registerHooks({
    load(url, context, next) {
      const file = typescriptFile(url);
      if (file === undefined) return next(url, context);
      return loadedSource(transformSync(readFileSync(file, 'utf8'), compileOptions(file)).code);
    },
  });
}
process.setSourceMapsEnabled(true);
