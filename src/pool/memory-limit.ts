import { Backoff } from '../base/backoff.js';
import type { Clock } from '../base/clock.js';
import type { Generation } from './generation.js';
import type { SlotReport } from './slot-report.js';

/** Between an attempt that has failed and the next one: the clients of a thread with a state wait meanwhile. */
const PAUSES = { first: 1000, last: 60_000 };

export interface MemoryLimitOptions {
  /** Bytes above which a thread is replaced; 0: no limit. */
  readonly maxMemory: number;
  readonly clock: Clock;
  readonly report: SlotReport;
  /** Puts another thread, with the same code, in the place of this one if it still serves by then. */
  readonly replace: (serving: Generation) => Promise<void>;
}

/** Replaces a slot's thread that has grown too large, before it takes the whole process down. */
export class MemoryLimit {
  readonly #options: MemoryLimitOptions;
  readonly #backoff = new Backoff(PAUSES);
  #replacing = false;
  /** When the next attempt may come: milliseconds on the clock. */
  #notBefore = 0;
  /** A thread that was above maxMemory from its start. */
  #oversized: Generation | undefined;

  constructor(options: MemoryLimitOptions) {
    this.#options = options;
  }

  /** A thread is about to serve. One that is too large before its first event is left: the next one would be no smaller. */
  begin(generation: Generation): void {
    if (!this.#exceededBy(generation)) return;
    const { maxMemory, report } = this.#options;
    this.#oversized = generation;
    report.largeFromTheStart(generation.gauge, maxMemory);
  }

  /** Looks at the thread that serves. */
  look(serving: Generation): void {
    if (this.#replacing || this.#oversized === serving || !this.#exceededBy(serving)) return;
    const { maxMemory, clock, report, replace } = this.#options;
    if (clock.now() < this.#notBefore) return;
    this.#replacing = true;
    report.tooLarge(serving.gauge, maxMemory);
    replace(serving)
      .then(() => this.#backoff.reset())
      .catch((error: unknown) => {
        this.#notBefore = clock.now() + this.#backoff.next();
        report.staysTooLarge(error as Error);
      })
      .finally(() => (this.#replacing = false));
  }

  #exceededBy({ gauge: { heap, external } }: Generation): boolean {
    const { maxMemory } = this.#options;
    return maxMemory > 0 && heap + external > maxMemory;
  }
}
