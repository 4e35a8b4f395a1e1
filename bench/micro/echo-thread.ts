import { parentPort, workerData } from 'node:worker_threads';
import { RingReceiver } from '#src/link/ring-receiver.js';
import { RingSender } from '#src/link/ring-sender.js';
import { Doorbell } from '#src/ring/doorbell.js';

/** What the two threads of the `threads` suite share. */
export interface EchoMemory {
  readonly there: SharedArrayBuffer;
  readonly back: SharedArrayBuffer;
  readonly mainDoorbell: SharedArrayBuffer;
  readonly threadDoorbell: SharedArrayBuffer;
}

const FRAMES_PER_ROUND = 256;

/**
 * The far thread: it sends back whatever comes, by ring what came by ring and by message what came by message. A frame that
 * came is relayed, as a slot relays those of other nodes: to send it anew would make Buffers of its ext and body first.
 */
const { there, back, mainDoorbell, threadDoorbell } = workerData as EchoMemory;
const doorbell = new Doorbell(threadDoorbell);
const main = new Doorbell(mainDoorbell);
const sender = new RingSender(back, main, Number.MAX_SAFE_INTEGER, () => {});
const receiver = new RingReceiver(there, main, (frame) => sender.relay(frame));
doorbell.serve(() => {
  const worked = receiver.poll(FRAMES_PER_ROUND);
  sender.pump();
  return worked;
});
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.on('message', (message: unknown) => parentPort?.postMessage(message));
