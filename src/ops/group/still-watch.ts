import type { Clock, Timer } from '../../base/clock.js';
import type { NodeConfig } from '../../config/schema.js';

/** Milliseconds that a member may stand still at least: its main thread has more to do than its workers'. */
const MIN_STILL_TIME = 10_000;
/** The same where there are no workers, whose processTimeout would say. */
const STILL_TIME = 30_000;
/** How often within that time it is asked whether it does. */
const CHECKS = 4;
/** Milliseconds until a process that was forked hears, at most: on a busy machine, node's own start takes its time. */
const BOOT_TIME = 60_000;

export interface StillWatchOptions {
  /** Milliseconds that a main thread may stand still; 0: for ever. */
  readonly stillTime: number;
  readonly clock: Clock;
  /** Resolves when the process has answered. */
  readonly ping: () => Promise<unknown>;
  /** The process has stood still for so many milliseconds. Told again and again, until it ends. */
  readonly onStill: (time: number) => void;
}

/**
 * Sees whether the main thread of a member's process stands still. Checks are counted, and not time: where everything was
 * stopped, the group's first process with its members, nothing was missed.
 */
export class StillWatch {
  readonly #options: StillWatchOptions;
  #timer: Timer | undefined;
  /** The process at the moment: whether it hears what it is told yet, and how many checks in a row it has not answered. */
  #process: { hears: boolean; unanswered: number } | undefined;

  constructor(options: StillWatchOptions) {
    this.#options = options;
  }

  start(): void {
    const { stillTime, clock } = this.#options;
    if (stillTime > 0) this.#timer = clock.setInterval(() => this.#check(), stillTime / CHECKS);
  }

  close(): void {
    this.#timer?.cancel();
  }

  forked(): void {
    this.#process = { hears: false, unanswered: 0 };
  }

  hears(): void {
    this.#process = { hears: true, unanswered: 0 };
  }

  ended(): void {
    this.#process = undefined;
  }

  #check(): void {
    const process = this.#process;
    if (process === undefined) return;
    const { stillTime, ping, onStill } = this.#options;
    const time = process.hears ? stillTime : Math.max(stillTime, BOOT_TIME);
    if (process.unanswered >= (time / stillTime) * CHECKS) {
      onStill(time);
      return;
    }
    process.unanswered++;
    if (!process.hears) return;
    ping().then(
      () => (process.unanswered = 0),
      () => {},
    );
  }
}

/** Milliseconds that a member's main thread may stand still; 0: for ever. */
export function stillTimeOf(worker: NodeConfig['worker']): number {
  if (worker === false) return STILL_TIME;
  return worker.processTimeout === 0 ? 0 : Math.max(MIN_STILL_TIME, worker.processTimeout * 1000);
}
