import type { Generation } from './generation.js';
import type { SlotReport } from './slot-report.js';

export interface MemoryLimitOptions {
  /** Bytes above which a thread is replaced; 0: no limit. */
  readonly maxMemory: number;
  readonly report: SlotReport;
  /** Puts another thread, with the same code, in the place of this one if it still serves by then. */
  readonly replace: (serving: Generation) => Promise<void>;
}

/** Replaces a slot's thread that has grown too large, before it takes the whole process down. */
export class MemoryLimit {
  readonly #options: MemoryLimitOptions;
  #replacing = false;
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
    const { maxMemory, report, replace } = this.#options;
    this.#replacing = true;
    report.tooLarge(serving.gauge, maxMemory);
    replace(serving)
      .catch((error: unknown) => report.staysTooLarge(error as Error))
      .finally(() => (this.#replacing = false));
  }

  #exceededBy({ gauge: { heap, external } }: Generation): boolean {
    const { maxMemory } = this.#options;
    return maxMemory > 0 && heap + external > maxMemory;
  }
}
