import { Doorbell } from '../ring/doorbell.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { type ThreadMemory, threadMemory } from './ring-memory.js';
import { RingReceiver } from './ring-receiver.js';
import { RingSender } from './ring-sender.js';

/**
 * Records per round and thread, so that clients' sockets get their turn while a worker sends a lot. A round ends with one
 * write per client, which costs far more than a command does: it pays to have many of them in it.
 */
const COMMANDS_PER_ROUND = 4096;
/** Records between two looks at the clock, and milliseconds after which a round has been long enough: a command may be for all. */
const COMMANDS_PER_LOOK = 256;
const LONGEST_ROUND = 10;

export interface ThreadRingsOptions {
  /** The slot's. */
  readonly events: SharedArrayBuffer;
  /** The main thread's. */
  readonly doorbell: Doorbell;
  readonly commandBufferSize: number;
  /** The thread's number within its slot. */
  readonly number: number;
  readonly onFrame: (frame: ReceivedFrame) => void;
  /** What onFrame has thrown. The frame is skipped. */
  readonly onError: (error: Error) => void;
}

/** The rings that one thread brings along, at their main-thread end: its commands, and replies to it. */
export class ThreadRings {
  readonly memory: ThreadMemory;
  readonly replies: RingSender;
  readonly #commands: RingReceiver;

  constructor({ events, doorbell, commandBufferSize, number, onFrame, onError }: ThreadRingsOptions) {
    this.memory = threadMemory(events, doorbell, commandBufferSize, number);
    const threadDoorbell = new Doorbell(this.memory.threadDoorbell);
    this.replies = new RingSender(this.memory.replies, threadDoorbell, Number.MAX_SAFE_INTEGER, () => {});
    this.#commands = new RingReceiver(this.memory.commands, threadDoorbell, (frame) => {
      try {
        onFrame(frame);
      } catch (error) {
        onError(error as Error);
      }
    });
  }

  /** Delivers a round of what the thread has sent, and sends what waited for room. @returns whether there was anything */
  poll(): boolean {
    const worked = this.#pollRound();
    this.replies.pump();
    return worked;
  }

  /** Delivers records that the thread has sent. @returns whether there were any */
  drain(): boolean {
    return this.#commands.poll(COMMANDS_PER_ROUND);
  }

  #pollRound(): boolean {
    const end = performance.now() + LONGEST_ROUND;
    let worked = false;
    for (
      let left = COMMANDS_PER_ROUND;
      left > 0 && this.#commands.poll(COMMANDS_PER_LOOK);
      left -= COMMANDS_PER_LOOK
    ) {
      worked = true;
      if (performance.now() > end) break;
    }
    return worked;
  }
}
