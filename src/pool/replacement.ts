import { Backoff } from '../base/backoff.js';
import type { Clock } from '../base/clock.js';

/** Between two attempts. */
const PAUSES = { first: 100, last: 10_000 };

export interface ReplacementOptions {
  readonly clock: Clock;
  /** Whether there is still somebody missing. */
  readonly wanted: () => boolean;
  /** Settles in bounded time. */
  readonly attempt: () => Promise<void>;
  /** @param pause milliseconds until the next attempt */
  readonly onFailed: (error: Error, pause: number) => void;
}

/**
 * Puts somebody in the place of one who died, whatever killed the last attempt: at once, and then less and less often.
 *
 *     idle ──begin()──► attempting ──done, or nobody is wanted──► idle
 *                        │      ▲
 *                   failed      the time is over, hurry()
 *                        └──► pausing
 */
export class Replacement {
  readonly #options: ReplacementOptions;
  readonly #backoff = new Backoff(PAUSES);
  #endPause: (() => void) | undefined;
  /** Attempts that are under way, or the last ones. */
  #settled: Promise<void> = Promise.resolve();
  #running = false;

  constructor(options: ReplacementOptions) {
    this.#options = options;
  }

  /** Whether it attempts, or pauses before it does. */
  get running(): boolean {
    return this.#running;
  }

  /** Resolves when nobody is missing, or nobody is wanted, or at once when it is idle. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  /** Somebody is missing. */
  begin(): void {
    if (this.#running) {
      this.hurry();
      return;
    }
    this.#running = true;
    this.#settled = this.#run();
  }

  /** The pause that is going on is over: the next attempt comes at once, unless nobody is wanted any more. */
  hurry(): void {
    this.#backoff.reset();
    this.#endPause?.();
  }

  async #run(): Promise<void> {
    const { wanted, attempt, onFailed } = this.#options;
    while (wanted()) {
      try {
        await attempt();
        this.#backoff.reset();
      } catch (error) {
        if (!wanted()) break;
        const pause = this.#backoff.next();
        onFailed(error as Error, pause);
        await this.#wait(pause);
      }
    }
    this.#running = false;
  }

  async #wait(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.setTimeout(resolve, milliseconds);
      this.#endPause = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#endPause = undefined;
  }
}
