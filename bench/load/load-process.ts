import { Child } from '../servers/child.js';
import type { Figures, Order, Outcome } from './orders.js';

/** The load generator, from the side that gives it orders. */
export class LoadProcess {
  readonly #child = Child.fork('the load generator', new URL('main.js', import.meta.url));

  /** Resolves with what was measured. One order at a time. @throws what went wrong there: a wrong answer, a lost client */
  async run(order: Order): Promise<Figures> {
    const answered = new Promise<Outcome>((resolve) => {
      this.#child.process.once('message', (outcome) => resolve(outcome as Outcome));
    });
    this.#child.process.send(order);
    const outcome = await this.#child.orExit(answered);
    if ('error' in outcome) throw new Error(`${order.scenario}: ${outcome.error}`);
    return outcome.figures;
  }

  async stop(): Promise<void> {
    await this.#child.stop();
  }
}
