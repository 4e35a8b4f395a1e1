import type { Clock, Timer } from './clock.js';

/** Whoever has the same time for something, from when it is added on. There is one timer for all: who came first is first to be late. */
export class Deadlines<Item> {
  readonly #clock: Clock;
  readonly #time: number;
  readonly #onLate: (item: Item, late: number) => void;
  /** Oldest first. */
  readonly #deadlines = new Map<Item, number>();
  #timer: Timer | undefined;

  /**
   * @param time milliseconds that each has
   * @param onLate its time is over, for so many milliseconds: it is in here no more
   */
  constructor(clock: Clock, time: number, onLate: (item: Item, late: number) => void) {
    this.#clock = clock;
    this.#time = time;
    this.#onLate = onLate;
  }

  get size(): number {
    return this.#deadlines.size;
  }

  /** The one that has been here the longest. */
  get oldest(): Item | undefined {
    return this.#deadlines.keys().next().value;
  }

  /** Its time begins, anew if it was here. */
  add(item: Item): void {
    this.#deadlines.delete(item);
    this.#deadlines.set(item, this.#clock.now() + this.#time);
    if (this.#timer === undefined) this.#wait(this.#time);
  }

  /** @returns whether it was here */
  delete(item: Item): boolean {
    return this.#deadlines.delete(item);
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#deadlines.clear();
  }

  #wait(milliseconds: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimeout(() => this.#look(), milliseconds);
  }

  #look(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (const [item, deadline] of this.#deadlines) {
      if (deadline > now) {
        // who was added meanwhile comes later than this one
        this.#wait(deadline - now);
        return;
      }
      this.#deadlines.delete(item);
      this.#onLate(item, now - deadline);
    }
  }
}
