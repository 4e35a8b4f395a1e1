export interface BackoffOptions {
  /** Milliseconds of the first pause. */
  readonly first: number;
  /** Milliseconds that no pause is longer than, but for its jitter. */
  readonly last: number;
  /**
   * What each pause is multiplied by: anything between these two, by chance, so that a whole cluster does not knock at
   * once when a node comes back. Default: 1.
   */
  readonly jitter?: readonly [least: number, most: number];
}

/** How long to wait before the next attempt at something: each time twice as long. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  #next: number;

  /** @param random from 0 to 1 */
  constructor(options: BackoffOptions, random: () => number = Math.random) {
    this.#options = options;
    this.#random = random;
    this.#next = options.first;
  }

  /** Milliseconds to wait now. */
  next(): number {
    const { last, jitter: [least, most] = [1, 1] } = this.#options;
    const pause = this.#next;
    this.#next = Math.min(pause * 2, last);
    return pause * (least + this.#random() * (most - least));
  }

  /** The attempts have led somewhere: the next pause is a first one. */
  reset(): void {
    this.#next = this.#options.first;
  }
}
