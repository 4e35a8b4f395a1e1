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
/** Round trips of one run. */
const ROUND_TRIPS = 10_000;
/** Messages under way all the time: each answer is followed by the next message. */
const IN_FLIGHT = 1000;
/** Messages that are sent before the first answer is looked at, as a broadcast's are. */
const BATCH = 5000;

let thread: Worker | undefined;
let bell: Doorbell | undefined;

/**
 * 64 bytes to another thread and back, by rings and by postMessage alike. With many in flight both threads are at work at
 * once; in one go they partly wait for each other; with one in flight they always do, and what is seen is how long a thread
 * takes to wake.
 */
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

    /** Of one run: how many are still to be sent, how many answers to come, and who waits for the last one. */
    let unsent = 0;
    let missing = 0;
    let send: (number: number) => void = byRing;
    let done: (() => void) | undefined;
    const sendNext = (): void => send(unsent--);
    const answered = (): void => {
      if (unsent > 0) sendNext();
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
    const text = 'x'.repeat(64);
    function byRing(number: number): void {
      frame.connectionId = number;
      sender.send(frame);
    }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    const byMessage = (): void => worker.postMessage(message);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    const byText = (): void => worker.postMessage(text);
    const roundTrips = (
      name: string,
      operations: number,
      inFlight: number,
      way: (number: number) => void,
    ): Task => ({
      name,
      operations,
      async run() {
        unsent = operations;
        missing = operations;
        send = way;
        const all = new Promise<void>((resolve) => (done = resolve));
        for (let count = 0; count < inFlight; count++) sendNext();
        await all;
      },
    });
    return [
      roundTrips(`rings, ${IN_FLIGHT} in flight`, ROUND_TRIPS, IN_FLIGHT, byRing),
      roundTrips(`postMessage, ${IN_FLIGHT} in flight`, ROUND_TRIPS, IN_FLIGHT, byMessage),
      roundTrips(`postMessage of a string, ${IN_FLIGHT} in flight`, ROUND_TRIPS, IN_FLIGHT, byText),
      roundTrips(`rings, ${BATCH} in one go`, BATCH, BATCH, byRing),
      roundTrips(`postMessage, ${BATCH} in one go`, BATCH, BATCH, byMessage),
      roundTrips('rings, 1 in flight', 1, 1, byRing),
      roundTrips('postMessage, 1 in flight', 1, 1, byMessage),
    ];
  },
  async close() {
    bell?.close();
    await thread?.terminate();
  },
};
