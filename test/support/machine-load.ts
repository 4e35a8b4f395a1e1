import type { TestContext } from 'node:test';
import { availableParallelism, loadavg } from 'node:os';

/** Others may be at work on this machine: then how long something took says nothing of the product. */
export class MachineLoad {
  readonly #before = loadavg()[0];
  readonly #own: number;

  /** @param own cores that the test itself takes */
  constructor(own: number) {
    this.#own = own;
  }

  /** Whether times can be judged. Says so when they cannot. */
  allowsJudging(t: TestContext): boolean {
    const cores = availableParallelism();
    if (this.#before <= cores && loadavg()[0] <= cores + this.#own) return true;
    t.diagnostic('the machine is overloaded: times are not judged');
    return false;
  }
}
