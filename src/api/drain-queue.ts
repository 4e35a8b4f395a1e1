import { Queue } from '../base/queue.js';

/** Those who wait until there is room for more sends, in the order in which they began to. */
export class DrainQueue {
  readonly #congested: () => boolean;
  readonly #waiting = new Queue<() => void>();
  readonly #wakeNext = (): void => this.wake();

  /** @param congested whether more waits to be sent than the buffer size */
  constructor(congested: () => boolean) {
    this.#congested = congested;
  }

  /** Resolves when there is room. */
  async available(): Promise<void> {
    if (this.#congested()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** There may be room again. Those that wait go on one after another, since the first few may fill it. */
  wake(): void {
    if (this.#waiting.length === 0 || this.#congested()) return;
    this.#waiting.shift()?.();
    setImmediate(this.#wakeNext);
  }
}
