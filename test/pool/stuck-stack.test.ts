import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { systemClock } from '#src/base/clock.js';
import { stackOf } from '#src/pool/stuck-stack.js';

const SPINNING = `
  function spin() { for (;;); }
  require('node:worker_threads').parentPort.postMessage('about to spin');
  setImmediate(function onImmediate() { spin(); });
`;
const IDLE = `require('node:worker_threads').parentPort.on('message', () => {}).postMessage('idle');`;

describe('the stack of a thread that is stuck', { timeout: 30_000 }, () => {
  it('is that of this thread and of no other, however many have come and gone; the thread can be ended then', async (t) => {
    const gone = new Worker(IDLE, { eval: true });
    await once(gone, 'message');
    await gone.terminate();
    const workers = [IDLE, SPINNING, IDLE].map((code) => new Worker(code, { eval: true }));
    t.after(async () => await Promise.all(workers.map(async (worker) => await worker.terminate())));
    await Promise.all(workers.map(async (worker) => await once(worker, 'message')));

    let stack: string[] = [];
    // the thread may not be at it yet, or, on a machine that is overloaded, answer too late: it is asked again
    for (let attempt = 0; attempt < 20 && !stack[0]?.includes('spin'); attempt++) {
      stack = await stackOf(workers[1].threadId, systemClock, (_, line) => `bundle:${line}`);
    }
    assert.match(stack[0], /^at spin \(bundle:1\)$/);
    assert.match(stack[1], /^at onImmediate \(bundle:3\)$/);
    assert.equal(await workers[1].terminate(), 1);
  });

  it('is empty for a thread that is not there', async (t) => {
    const other = new Worker(IDLE, { eval: true });
    t.after(async () => await other.terminate());
    await once(other, 'message');
    const stack = await stackOf(123_456, systemClock, () => undefined);
    assert.deepEqual(stack, []);
  });
});
