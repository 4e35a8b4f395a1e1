import { MessageChannel } from 'node:worker_threads';
import type { Clock } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import type { SlotLink } from '../link/slot-link.js';
import type { Generation } from './generation.js';

export interface StateTransferOptions {
  readonly slot: number;
  readonly clock: Clock;
  readonly link: SlotLink;
}

/**
 * The way of a thread's state to the one that is about to take over: through a channel of their own, and not through the
 * main thread. It ends within its time; when it fails, the state is the old thread's as before.
 */
export class StateTransfer {
  readonly #options: StateTransferOptions;
  #fail: ((error: GatewayError) => void) | undefined;

  constructor(options: StateTransferOptions) {
    this.#options = options;
  }

  /**
   * Has the old thread hand over and the next one take over. Nothing happens unless the code of both knows how. A thread
   * that dies before it has handed over leaves no state, as always.
   *
   * @param timeout milliseconds
   * @throws GW_HANDOVER, GW_WORKER_DIED, or what {@link cancel} was given: the old thread goes on
   */
  async run(old: Generation, next: Generation, timeout: number): Promise<void> {
    if (!old.handsOver || !next.takesOver) return;
    const { slot, clock } = this.#options;
    let waitsFor = 'onHandOver';
    const failed = new Promise<never>((_, reject) => (this.#fail = reject));
    const timer = clock.setTimeout(() => {
      this.#fail?.(
        new GatewayError(
          'GW_HANDOVER',
          `its time was over after ${timeout / 1000} s (worker.stopTimeout, or five minutes for a graceful reload), and it waited for ${waitsFor}.`,
        ),
      );
    }, timeout);
    try {
      await Promise.race([this.#move(old, next, timeout, () => (waitsFor = 'onTakeOver')), failed]);
      if (next.died !== undefined) throw next.died;
    } catch (error) {
      old.goOn();
      const { code, message, cause } = error as GatewayError;
      throw code === 'GW_HANDOVER'
        ? new GatewayError(code, `Worker ${slot} keeps the old code, and its state: ${message}`, { cause })
        : error;
    } finally {
      timer.cancel();
      this.#fail = undefined;
    }
  }

  /** The one that is going on, if any, fails at once. */
  cancel(error: GatewayError): void {
    this.#fail?.(error);
  }

  async #move(old: Generation, next: Generation, timeout: number, onGiven: () => void): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    if (!(await old.handOver(port1, timeout))) {
      port2.close();
      return;
    }
    onGiven();
    this.#options.link.drain(old.number);
    await next.takeOver(port2);
  }
}
