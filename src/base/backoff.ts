/** Milliseconds. GatewayWorker's first attempt comes after a second as well. */
const FIRST = 1000;
const LAST = 10_000;

/**
 * How long to wait before the next attempt to reach somebody: a second at first, then twice as long each time, up to ten;
 * each a quarter more or less by chance, so that a whole cluster does not knock at once when a node comes back.
 */
export class Backoff {
  readonly #random: () => number;
  #next = FIRST;

  /** @param random from 0 to 1 */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Milliseconds to wait now. */
  next(): number {
    const delay = this.#next * (0.75 + this.#random() / 2);
    this.#next = Math.min(this.#next * 2, LAST);
    return delay;
  }

  /** It was reached, for more than a moment. */
  reset(): void {
    this.#next = FIRST;
  }
}
