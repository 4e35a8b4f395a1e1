/** TypeScript for tests and scripts: `node --import gatewayworker/typescript --test test/chat.test.ts`. */
import * as modules from 'node:module';
import { typescriptSource } from './typescript-source.js';

/** Of node 22.15 and later; its types here are node 20's. */
interface SyncHooks {
  readonly registerHooks?: (hooks: {
    load: (url: string, context: unknown, next: (url: string, context: unknown) => unknown) => unknown;
  }) => void;
}

const { registerHooks } = modules as SyncHooks;
// `register` is on its way out where the other is, and says so
if (registerHooks === undefined) modules.register('./typescript-hooks.js', import.meta.url);
else registerHooks({ load: (url, context, next) => typescriptSource(url) ?? next(url, context) });
process.setSourceMapsEnabled(true);
