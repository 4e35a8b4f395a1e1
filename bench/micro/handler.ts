import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Suite } from './suite.js';

const COUNT = 1000;

/** What it costs to call a developer's handler so that `…CurrentClient` works in it, also after an await. */
export const handler: Suite = {
  name: 'handler',
  title: 'call a handler with the current client around it',
  prepare() {
    const context = new AsyncLocalStorage<object>();
    const client = {};
    let handled = 0;
    const handle = (current: object): unknown => {
      handled += current === client ? 1 : 0;
      return undefined;
    };
    const times = (once: () => unknown) => () => {
      handled = 0;
      for (let count = 0; count < COUNT; count++) once();
      assert.equal(handled, COUNT);
    };
    return [
      {
        name: 'in an AsyncLocalStorage, its result looked at',
        operations: COUNT,
        run: times(() => context.run(client, handle, client) instanceof Promise),
      },
      { name: 'without a context', operations: COUNT, run: times(() => handle(client) instanceof Promise) },
      {
        name: 'in an AsyncLocalStorage, its result awaited whatever it is',
        operations: COUNT,
        async run() {
          handled = 0;
          for (let count = 0; count < COUNT; count++) await context.run(client, handle, client);
          assert.equal(handled, COUNT);
        },
      },
      {
        name: 'in a closure for each call',
        operations: COUNT,
        run: times(() => context.run(client, () => handle(client)) instanceof Promise),
      },
    ];
  },
};
