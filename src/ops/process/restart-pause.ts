/** Milliseconds before a dead process is started again: doubled by every death, until a life has been long. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;
const LONG_LIFE = 60_000;

/** How long to wait before a process that keeps dying is started again. */
export class RestartPause {
  #next = FIRST_PAUSE;

  /** The pause after a life of so many milliseconds. */
  after(life: number): number {
    const pause = life >= LONG_LIFE ? FIRST_PAUSE : this.#next;
    this.#next = Math.min(pause * 2, LONGEST_PAUSE);
    return pause;
  }
}
