import { setImmediate as turn } from 'node:timers/promises';

/** Milliseconds of work in a row, after which everybody else has a turn. */
const SLICE = 4;
/** Steps between two looks at the clock. */
const STEPS = 16;

/** Work of many small steps, which lets others have their turn in between. */
export class Slices {
  #steps = 0;
  #began = performance.now();

  /** Whether it is time to {@link rest}: asked before each step. */
  get over(): boolean {
    return ++this.#steps % STEPS === 0 && performance.now() - this.#began > SLICE;
  }

  async rest(): Promise<void> {
    await turn();
    this.#began = performance.now();
  }
}
