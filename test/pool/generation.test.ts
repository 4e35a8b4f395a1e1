import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { createLogger } from '#src/base/log.js';
import { EventsBundle } from '#src/bundle/events-bundle.js';
import { Generation } from '#src/pool/generation.js';
import { type FakeThread, FakeThreads } from '../support/fake-threads.js';
import { fixture } from '../support/fixtures.js';
import { turn } from '../support/gateway-scene.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { TASK, memoryOfThread } from '../support/thread-task.js';

const START_TIMEOUT = 60_000;
const WARNING = 10_000;

/** What a thread has said has come in. */
async function heard(): Promise<void> {
  for (let n = 0; n < 5; n++) await turn();
}

describe('the start of a generation', () => {
  let bundle: EventsBundle;
  let clock: ManualClock;
  let generation: Generation;
  let thread: FakeThread;
  let log: string[];

  before(async () => {
    bundle = await EventsBundle.build(fixture('events/echo'));
  });

  beforeEach(() => {
    clock = new ManualClock();
    log = [];
    const threads = new FakeThreads();
    generation = new Generation({
      startThread: threads.start,
      memory: memoryOfThread(),
      bundle,
      task: { ...TASK, slot: 3, count: 4 },
      startTimeout: START_TIMEOUT,
      clock,
      log: createLogger({
        level: 'info',
        destination: { write: (line) => void log.push(JSON.parse(line).msg) },
      }),
      writeLine() {},
      onReleased() {},
    });
    [thread] = threads.all;
  });

  it('ends with ready, and leaves no timer', async () => {
    thread.ready();
    await generation.ready;
    assert.equal(clock.timers, 0);
    clock.advance(START_TIMEOUT);
    assert.deepEqual(log, []);
    thread.die('done');
    await generation.ended;
  });

  it('ends with the reason that the thread gives', async () => {
    thread.say({ kind: 'failed', code: 'GW_EVENTS_START', message: 'no database' });
    await assert.rejects(generation.ready, { code: 'GW_EVENTS_START', message: 'no database' });
    assert.equal(clock.timers, 0);
    thread.die('done');
    await generation.ended;
  });

  it('ends with the thread', async () => {
    thread.die('no descriptors');
    await assert.rejects(generation.ready, {
      code: 'GW_WORKER_DIED',
      message: 'Worker 3 died while it started: no descriptors.',
    });
    assert.equal(clock.timers, 0);
  });

  for (const [step, waitsFor] of [
    [undefined, 'its thread to begin'],
    ['load', 'the code of events/ to load: a top-level await, or an import'],
    ['onWorkerStart', 'onWorkerStart'],
  ] as const) {
    it(`is out of time, and says what it waited for: ${waitsFor}`, async () => {
      if (step !== undefined) thread.say({ kind: 'step', step });
      await heard();
      clock.advance(WARNING);
      assert.deepEqual(log, [
        `worker 3 is not ready after 10 s: it waits for ${waitsFor}. It is given up after 60 s (worker.startTimeout)`,
      ]);
      clock.advance(START_TIMEOUT - WARNING);
      await assert.rejects(generation.ready, {
        code: 'GW_START_TIMEOUT',
        message: `Worker 3 was not ready within 60 s (worker.startTimeout): it waited for ${waitsFor}. Mend what does not come to its end, or raise worker.startTimeout.`,
      });
      assert.equal(thread.aborted, true);
      await generation.ended;
      assert.equal(clock.timers, 0);
    });
  }
});
