import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '#src/base/clock.js';
import { Gateway } from '#src/gateway/gateway.js';
import { InnerPort } from '#src/gateway/inner/inner-port.js';
import { type Node, startNode } from '#src/node/node.js';
import { livingThreads } from '#src/pool/living-threads.js';
import { Pool } from '#src/pool/pool.js';
import { Slot } from '#src/pool/slot.js';
import { Membership } from '#src/register/membership.js';
import { RegisterServer } from '#src/register/register-server.js';
import { loadJson } from '../support/config-folder.js';
import { fixture } from '../support/fixtures.js';
import { LIMIT } from '../support/inbox.js';
import { NodeLog } from '../support/node-log.js';
import { createLogger } from '#src/base/log.js';

/** A method of a part that a node ends, or of a part of such a part. */
type Ending = (this: object, ...args: unknown[]) => unknown;

/** Writes down when these calls begin, and when what they return is done: several turns after it really is. */
function watch(t: TestContext, methods: ReadonlyArray<readonly [of: object, name: string]>): string[] {
  const seen: string[] = [];
  for (const [of, name] of methods) {
    const what = `${of.constructor.name}.${name}`;
    const original = (of as Record<string, Ending>)[name];
    t.mock.method(of as Record<string, Ending>, name, function (this: object, ...args: unknown[]) {
      seen.push(what);
      const result = original.apply(this, args);
      if (!(result instanceof Promise)) return result;
      return result.then(async () => {
        for (let turns = 0; turns < 5; turns++) await turn();
        seen.push(`${what} done`);
      });
    });
  }
  return seen;
}

async function start(t: TestContext): Promise<Node> {
  const { config } = await loadJson(t, {
    name: 'whole',
    gateway: { listen: [{ url: 'ws://127.0.0.1:0' }], lanPort: 0 },
    register: { listen: '127.0.0.1:0' },
    cluster: { secretKey: 'key' },
    worker: { count: 2, events: fixture('events/echo') },
  });
  const log = new NodeLog();
  return await startNode(config, {
    version: '0.0.0',
    log: createLogger({ level: 'info', destination: log }),
    writeLine: log.write,
  });
}

describe('a node that stops', { timeout: 30_000 }, () => {
  it('withdraws first, and ends each part when the one before it has ended; the Register, which others need, last', async (t) => {
    const node = await start(t);
    const seen = watch(t, [
      [Membership.prototype, 'withdraw'],
      [Pool.prototype, 'hurry'],
      [Gateway.prototype, 'close'],
      [Pool.prototype, 'stop'],
      [InnerPort.prototype, 'close'],
      [Membership.prototype, 'close'],
      [RegisterServer.prototype, 'close'],
    ]);
    await node.stop(false);
    assert.deepEqual(seen, [
      'Membership.withdraw',
      'Pool.hurry',
      'Gateway.close',
      'Gateway.close done',
      'Pool.stop',
      'Pool.stop done',
      'InnerPort.close',
      'InnerPort.close done',
      'Membership.close',
      'RegisterServer.close',
      'RegisterServer.close done',
    ]);
  });

  it('has stopped when all of its workers have', async (t) => {
    const node = await start(t);
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    const stops: Promise<void>[] = [];
    // oxlint-disable-next-line typescript/unbound-method -- it is called with the slot
    const original = Slot.prototype.stop;
    t.mock.method(Slot.prototype, 'stop', async function (this: Slot, timeout: number) {
      const stop = original.call(this, timeout);
      stops.push(stop);
      await stop;
      await released;
    });
    const seen = watch(t, [[Pool.prototype, 'stop']]);
    const stopped = node.stop(false);
    while (stops.length < 2) await turn();
    await Promise.all(stops);
    await livingThreads.gone(LIMIT, systemClock);
    for (let turns = 0; turns < 10; turns++) await turn();
    assert.deepEqual(seen, ['Pool.stop']);
    release();
    await stopped;
    assert.deepEqual(seen, ['Pool.stop', 'Pool.stop done']);
  });

  it('does so once, whoever asks again', async (t) => {
    const node = await start(t);
    const seen = watch(t, [[Pool.prototype, 'stop']]);
    await Promise.all([node.stop(false), node.stop(true)]);
    assert.deepEqual(seen, ['Pool.stop', 'Pool.stop done']);
  });
});
