import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Doorbell } from '#src/ring/doorbell.js';
import { createRing } from '#src/ring/layout.js';
import { RingReader } from '#src/ring/reader.js';
import { RingWriter } from '#src/ring/writer.js';
import { payload, writeRecord } from '../support/ring-frames.js';
import { StressEnd, type StressMemory, memoryState } from '../support/ring-stress.js';
import type { StressThreadData } from '../support/ring-stress-thread.js';

const SEED = Number(process.env['GW_SEED'] ?? 20261122);
const RING = 64 * 1024;
const FRAMES = 30_000;
const ROUND_TRIPS = 20_000;
/** Milliseconds after which a side that still waits will wait for ever. */
const DEADLINE = 20_000;

function setUp(): { near: StressMemory; far: StressMemory } {
  const [there, back, nearDoorbell, farDoorbell] = [
    createRing(RING),
    createRing(RING),
    new Doorbell().shared,
    new Doorbell().shared,
  ];
  return {
    near: { incoming: back, outgoing: there, ownDoorbell: nearDoorbell, otherDoorbell: farDoorbell },
    far: { incoming: there, outgoing: back, ownDoorbell: farDoorbell, otherDoorbell: nearDoorbell },
  };
}

function startThread(data: StressThreadData): Worker {
  return new Worker(new URL('../support/ring-stress-thread.js', import.meta.url), { workerData: data });
}

/** `work`, or a failure that says how both sides stand when the deadline passes or the thread fails. */
async function withDeadline(work: Promise<unknown>, worker: Worker, state: () => string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done in ${DEADLINE} ms: ${state()}`)), DEADLINE);
  });
  const failed = once(worker, 'error').then(([error]) => Promise.reject(error as Error));
  try {
    await Promise.race([work, failed, late]);
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

describe('two threads at full speed', () => {
  before(() => console.log(`ring stress seed ${SEED}; set GW_SEED to run with another`));

  it('exchange frames of all sizes, in both directions at once, without a wrong byte', async (t) => {
    const { near, far } = setUp();
    const plan = { seed: SEED, frames: FRAMES, longest: 4 * RING };
    const worker = startThread({ memory: far, plan });
    await once(worker, 'online');
    const end = new StressEnd(near, plan);
    const start = performance.now();
    const bothDone = Promise.all([end.done, once(worker, 'message')]);
    await withDeadline(bothDone, worker, () => `${end.state()}; ${memoryState(near)}`);
    end.close();
    const seconds = (performance.now() - start) / 1000;
    t.diagnostic(`${(end.receivedBytes / 1e6 / seconds).toFixed(0)} MB/s each way, ${seconds.toFixed(1)} s`);
    assert.equal(end.received, FRAMES);
  });

  it('lose no wake-up, whenever the one rings and the other falls asleep', async (t) => {
    const { near, far } = setUp();
    const worker = startThread({ memory: far });
    await once(worker, 'online');
    const doorbell = new Doorbell(near.ownDoorbell);
    const other = new Doorbell(near.otherDoorbell);
    const otherWords = new Int32Array(near.otherDoorbell);
    const SLEEPING = 1;
    const writer = new RingWriter(near.outgoing);
    const reader = new RingReader(near.incoming, () => other.ring());
    let trips = 0;
    let rungAsleep = 0;

    const send = (): void => {
      // one time in two the other thread is truly asleep; else it is anywhere between its answer and its sleep
      if (trips % 2 === 0) {
        for (let spins = 0; spins < 1e9 && Atomics.load(otherWords, SLEEPING) === 0; spins++);
        rungAsleep++;
      } else {
        for (let spins = trips % 256; spins > 0; spins--) Atomics.load(otherWords, SLEEPING);
      }
      assert.ok(writeRecord(writer, payload(trips, 16)));
      writer.publish();
      other.ring();
    };
    const done = new Promise<void>((resolve, reject) => {
      doorbell.serve(() => {
        const records = reader.poll((bytes, offset, length) => {
          const answer = bytes.subarray(offset, offset + length);
          if (!answer.equals(payload(trips, 16)))
            reject(new Error(`answer ${trips}: ${answer.toString('hex')}`));
          trips++;
          if (trips === ROUND_TRIPS) resolve();
        }, 16);
        if (records > 0 && trips < ROUND_TRIPS) send();
        return false;
      });
    });
    const start = performance.now();
    send();
    await withDeadline(done, worker, () => `${trips} round trips; ${memoryState(near)}`);
    doorbell.close();
    t.diagnostic(`${((1000 * (performance.now() - start)) / ROUND_TRIPS).toFixed(1)} µs a round trip`);
    assert.equal(rungAsleep, ROUND_TRIPS / 2);
  });
});
