import { Worker } from 'node:worker_threads';
import { RingReceiver } from '#src/link/ring-receiver.js';
import { RingSender } from '#src/link/ring-sender.js';
import { Doorbell } from '#src/ring/doorbell.js';
import { createRing } from '#src/ring/layout.js';
import { Command } from '#src/wire/command.js';
import { emptyFrame } from '#src/wire/frame.js';
import type { EchoMemory } from './echo-thread.js';
import type { Suite, Task } from './suite.js';

const RING_BYTES = 2 ** 20;
const FRAMES_PER_ROUND = 256;
const BATCH = 5000;

let thread: Worker | undefined;
let bell: Doorbell | undefined;

/** 64 bytes to another thread and back, as an event and its answer go. */
export const threads: Suite = {
  name: 'threads',
  title: 'round trip of 64 bytes between two threads',
  prepare() {
    const doorbell = new Doorbell();
    const memory: EchoMemory = {
      there: createRing(RING_BYTES),
      back: createRing(RING_BYTES),
      mainDoorbell: doorbell.shared,
      threadDoorbell: new Doorbell().shared,
    };
    const worker = new Worker(new URL('echo-thread.js', import.meta.url), { workerData: memory });
    thread = worker;
    bell = doorbell;

    /** How many answers are still to come, and who waits for the last one. */
    let missing = 0;
    let done: (() => void) | undefined;
    const answered = (): void => {
      if (--missing === 0) done?.();
    };
    const farDoorbell = new Doorbell(memory.threadDoorbell);
    const sender = new RingSender(memory.there, farDoorbell, Number.MAX_SAFE_INTEGER, () => {});
    const receiver = new RingReceiver(memory.back, farDoorbell, ({ connectionId }) => {
      // the frames come back in order: the last one sent carries 1
      if (connectionId !== missing) throw new Error(`frame ${connectionId} came back; expected ${missing}`);
      answered();
    });
    doorbell.serve(() => {
      const worked = receiver.poll(FRAMES_PER_ROUND);
      sender.pump();
      return worked;
    });
    worker.on('message', answered);

    const frame = { ...emptyFrame(), command: Command.SEND_TO_ONE, body: Buffer.alloc(36, 'x') };
    const message = new Uint8Array(64);
    const byRing = (number: number): void => {
      frame.connectionId = number;
      sender.send(frame);
    };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    const byMessage = (): void => worker.postMessage(message);
    const roundTrip = (name: string, batch: number, send: (number: number) => void): Task => ({
      name,
      operations: batch,
      async run() {
        missing = batch;
        const all = new Promise<void>((resolve) => (done = resolve));
        for (let number = batch; number > 0; number--) send(number);
        await all;
      },
    });
    return [
      roundTrip(`rings, ${BATCH} in flight`, BATCH, byRing),
      roundTrip(`postMessage, ${BATCH} in flight`, BATCH, byMessage),
      roundTrip('rings, 1 in flight', 1, byRing),
      roundTrip('postMessage, 1 in flight', 1, byMessage),
    ];
  },
  async close() {
    bell?.close();
    await thread?.terminate();
  },
};
