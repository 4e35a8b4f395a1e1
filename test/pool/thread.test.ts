import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { systemClock } from '#src/base/clock.js';
import type { WorkerTask } from '#src/link/thread-protocol.js';
import { livingThreads } from '#src/pool/living-threads.js';
import { PoolThread } from '#src/pool/thread.js';
import { TASK, memoryOfThread } from '../support/thread-task.js';

/** A task with this as its code. */
function task(code: string): WorkerTask {
  return {
    ...TASK,
    memory: memoryOfThread(),
    port: new MessageChannel().port2,
    bundle: `data:text/javascript,${encodeURIComponent(code)}`,
  };
}

function start(code: string, heapLimit?: number): PoolThread {
  return new PoolThread(task(code), { heapLimit, onLateError() {} });
}

describe('a thread of the pool comes to its end', () => {
  it('when it fails before it runs its task', async () => {
    const error = await start('export const onMessage = () => {};', 1).ended;
    assert.match(String(error), /memory/i);
  });

  it('when its code ends it', async () => {
    const error = await start('process.exit(7);').ended;
    assert.match(String(error), /exited with code: 7/);
  });

  it('when its code is refused: in good order, once it has said why', async () => {
    assert.equal(await start("throw new Error('not today');").ended, undefined);
  });

  for (const [what, code] of [
    ['waits', 'await new Promise(() => {});'],
    ['runs in circles', 'for (;;);'],
  ]) {
    it(`when it is aborted, though it ${what}`, async () => {
      const thread = start(code);
      thread.abort();
      assert.ok((await thread.ended) instanceof Error);
      const other = start(code);
      setImmediate(() => other.abort());
      assert.ok((await other.ended) instanceof Error);
      assert.equal(await livingThreads.gone(20_000, systemClock), true);
    });
  }
});
