import type { Clock, Timer } from '../base/clock.js';

/** A clock that stands still until {@link advance} is called, and then runs what is due, in order. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #pending = new Set<{ due: number; callback: () => void }>();

  /** Timers that are running: a leak shows here. */
  get timers(): number {
    return this.#pending.size;
  }

  /** Milliseconds since it was made. */
  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, milliseconds: number): Timer {
    const entry = { due: this.#now + milliseconds, callback };
    this.#pending.add(entry);
    return { cancel: () => void this.#pending.delete(entry) };
  }

  setInterval(callback: () => void, milliseconds: number): Timer {
    let timer: Timer;
    const repeat = (): void => {
      timer = this.setTimeout(repeat, milliseconds);
      callback();
    };
    timer = this.setTimeout(repeat, milliseconds);
    return { cancel: () => timer.cancel() };
  }

  /** Lets so much time pass. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const [next] = [...this.#pending].filter(({ due }) => due <= end).toSorted((a, b) => a.due - b.due);
      if (!next) break;
      this.#pending.delete(next);
      this.#now = next.due;
      next.callback();
    }
    this.#now = end;
  }
}
