import type { Clock, Timer } from '../base/clock.js';
import type { AskedQuery } from './asked-query.js';
import type { QuerySocket } from './query-socket.js';

/** Milliseconds without any answer after which the oldest query was left out: whoever asked waits no longer, either. */
export const UNANSWERED = 5000;
/** Milliseconds without an answer after which something is asked behind the last query that shows whether it was left out. */
const DUBIOUS = 1000;

/** Finds out whether a gateway has left out a query behind which no answer came that would show it. */
export class UnansweredWatch {
  readonly #socket: QuerySocket;
  readonly #clock: Clock;
  readonly #onUnanswered: (query: AskedQuery) => void;
  #timer: Timer | undefined;
  /** When the last answer came, or a part of one, or else the watch began: milliseconds on the clock. */
  #heard: number;

  /** @param onUnanswered called with the oldest query, at most once: the watch ends with that */
  constructor(socket: QuerySocket, clock: Clock, onUnanswered: (query: AskedQuery) => void) {
    this.#socket = socket;
    this.#clock = clock;
    this.#onUnanswered = onUnanswered;
    this.#heard = clock.now();
  }

  /** Something was asked. */
  asked(): void {
    this.#timer ??= this.#after(DUBIOUS);
  }

  /** Something came. */
  received(): void {
    this.#heard = this.#clock.now();
  }

  close(): void {
    this.#timer?.cancel();
  }

  #after(milliseconds: number): Timer {
    return this.#clock.setTimeout(() => this.#look(), milliseconds);
  }

  #look(): void {
    this.#timer = undefined;
    const { oldest, connecting } = this.#socket;
    if (oldest === undefined) return;
    const since = this.#clock.now() - Math.max(oldest.at, this.#heard);
    if (connecting) {
      this.#timer = this.#after(UNANSWERED);
    } else if (since < DUBIOUS) {
      this.#timer = this.#after(DUBIOUS - since);
    } else if (since < UNANSWERED) {
      this.#socket.separate();
      this.#timer = this.#after(UNANSWERED - since);
    } else {
      this.#onUnanswered(oldest);
    }
  }
}
