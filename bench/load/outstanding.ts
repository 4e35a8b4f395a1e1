const LEAST = 16;
/** Milliseconds that it may take until what is outstanding has come to everyone; above twice that there is less of it. */
const TURN = 250;

/**
 * How many messages may be on their way: as many as help a server that gathers what it sends, but no more than it
 * delivers soon, so that what is counted in a short time is not one burst that was sent long before.
 */
export class Outstanding {
  readonly #most: number;
  #limit: number;
  /** When this turn began, and with which message it ends. */
  #turnBegan = 0;
  #turnEnds = 0;

  constructor(most: number) {
    this.#most = most;
    this.#limit = Math.min(LEAST, most);
  }

  /** How many messages more may be sent. @param delivered of those sent, how many have come to everyone */
  room(sent: number, delivered: number): number {
    if (this.#limit === 0) return 0;
    if (delivered >= this.#turnEnds) {
      const now = performance.now();
      const took = now - this.#turnBegan;
      if (this.#turnEnds > 0 && took < TURN) this.#limit = Math.min(this.#limit * 2, this.#most);
      if (took > TURN * 2) this.#limit = Math.max(LEAST, this.#limit / 2);
      this.#turnBegan = now;
      this.#turnEnds = sent + 1;
    }
    return this.#limit - sent + Math.floor(delivered);
  }

  /** From now on there is room for nothing. */
  stop(): void {
    this.#limit = 0;
  }
}
