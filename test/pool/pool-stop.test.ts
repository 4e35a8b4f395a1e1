import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import type { WorkerConfig } from '#src/config/schema.js';
import { createLogger } from '#src/base/log.js';
import { livingThreads } from '#src/pool/living-threads.js';
import { Pool } from '#src/pool/pool.js';
import { PoolThread } from '#src/pool/thread.js';
import { loadJson } from '../support/config-folder.js';
import { fixture } from '../support/fixtures.js';
import { NodeLog } from '../support/node-log.js';
import { ManualClock } from '#src/testing/manual-clock.js';

/** A pool of real threads whose time stands still. */
async function start(t: TestContext): Promise<{ pool: Pool; clock: ManualClock; log: NodeLog }> {
  const { config } = await loadJson(t, { worker: { count: 2, events: fixture('events/echo') } });
  const [clock, log] = [new ManualClock(), new NodeLog()];
  const pool = new Pool({
    config: config.worker as WorkerConfig,
    node: 'node',
    eventBufferSize: 65_536,
    localGateway: { ip: 1, port: 1 },
    inner: { secretKey: '', pingInterval: 25_000, tls: undefined, instance: '' },
    clock,
    log: createLogger({ level: 'info', destination: log }),
    logLevel: 'info',
    writeLine: log.write,
  });
  await pool.prepare();
  for (const link of pool.links) link.subscribe({ frame() {}, drained() {}, closed() {} });
  await pool.start();
  return { pool, clock, log };
}

describe('a pool of idle threads', { timeout: 30_000 }, () => {
  it('stops without the clock moving: no thread has to be ended by force, and none is left', async (t) => {
    const { pool, clock, log } = await start(t);
    const { mock } = t.mock.method(PoolThread.prototype, 'abort');
    await pool.stop(2000);
    assert.deepEqual([clock.now(), clock.timers], [0, 0]);
    assert.equal(mock.callCount(), 0);
    assert.equal(await livingThreads.gone(0, clock), true);
    assert.deepEqual(log.lines, []);
  });

  it('reloads without the clock moving: the threads that are replaced end by themselves, too', async (t) => {
    const { pool, clock } = await start(t);
    const { mock } = t.mock.method(PoolThread.prototype, 'abort');
    const old = pool.status().map(({ thread }) => thread);
    await pool.reload(2000);
    assert.ok(pool.status().every(({ thread }) => !old.includes(thread)));
    await pool.stop(2000);
    assert.deepEqual([clock.now(), clock.timers, mock.callCount()], [0, 0, 0]);
  });
});
