import type { Logger } from '../base/log.js';
import type { GatewayDialler } from '../cluster/gateway-dialler.js';
import type { SlotLink } from '../link/slot-link.js';
import type { ThreadGauge } from '../ring/thread-gauge.js';
import { textOf } from './running-event.js';

/** What the log says of one slot. To a user it is a worker. */
export class SlotReport {
  readonly #worker: number;
  readonly #log: Logger;

  constructor(slot: number, log: Logger) {
    this.#worker = slot;
    this.#log = log;
  }

  commandFailed(error: Error): void {
    this.#log.error({ worker: this.#worker, err: error }, `a command failed: ${error.message}`);
  }

  // ---- its threads ----

  /** @param why as a user is told */
  died(error: Error | undefined, why: string): void {
    const worker = this.#worker;
    this.#log.error({ worker, err: error }, `worker ${worker} died: ${why}; it is replaced`);
  }

  /** @param pause milliseconds until the next attempt */
  notReplaced(error: Error, pause: number): void {
    this.#log.error(
      { worker: this.#worker, err: error },
      `a worker cannot be replaced; next attempt in ${pause} ms`,
    );
  }

  /** Names the events that a thread had begun and not done: they are not handled again, lest one of them killed it. */
  lost({ unfinished, events: begun }: ThreadGauge): void {
    const events = begun.map(textOf);
    this.#log.warn(
      { worker: this.#worker, lost: unfinished, events },
      `${unfinished} event${unfinished === 1 ? '' : 's'} that a thread had begun ${unfinished === 1 ? 'is' : 'are'} not done: ${events.slice(0, 3).join(', ')}${events.length > 3 ? ', …' : ''}`,
    );
  }

  /**
   * Events that no thread had the time for, or that had no thread, are lost with the slot.
   *
   * @param failure why there is no thread; undefined when there was one
   */
  left({ bufferedBytes, parked }: SlotLink, failure: string | undefined): void {
    const worker = this.#worker;
    const why =
      failure === undefined
        ? 'worker.stopTimeout was too short for them; a graceful stop waits longer'
        : `no thread could be started for them in time: ${failure}`;
    this.#log.warn(
      { worker, bytes: bufferedBytes, parked },
      `worker ${worker} has stopped with ${bufferedBytes} bytes of events waiting${parked > 0 ? ` and ${parked} set aside` : ''}: they are lost, since ${why}`,
    );
  }

  // ---- their memory ----

  largeFromTheStart({ heap, external }: ThreadGauge, maxMemory: number): void {
    const worker = this.#worker;
    this.#log.warn(
      { worker, heap, external, maxMemory },
      `worker ${worker} takes ${heap + external} bytes before its first event: maxMemory is too small for this code, and this thread is left alone`,
    );
  }

  tooLarge({ heap, external }: ThreadGauge, maxMemory: number): void {
    const worker = this.#worker;
    this.#log.warn(
      { worker, heap, external, maxMemory },
      `worker ${worker} takes ${heap + external} bytes, more than maxMemory; it is replaced`,
    );
  }

  staysTooLarge(error: Error): void {
    this.#log.error({ worker: this.#worker, err: error }, 'a worker that is too large cannot be replaced');
  }

  // ---- its links to gateways of other nodes ----

  /** One that nobody names any more was stopped: no fault, and not dialled again. */
  gatewayLost({ wanted, status: { address, node } }: GatewayDialler, error: Error): void {
    const worker = this.#worker;
    const fields = { worker, gateway: address, gatewayNode: node };
    if (wanted) {
      this.#log.warn(
        { ...fields, err: error },
        `worker ${worker} has lost the gateway ${address}: ${error.message}; it is dialled again`,
      );
    } else {
      this.#log.info(fields, `the gateway ${address} has left`);
    }
  }

  gatewayUnreached({ status: { address } }: GatewayDialler, error: Error): void {
    const worker = this.#worker;
    this.#log.warn({ worker, gateway: address }, `worker ${worker} cannot reach a gateway: ${error.message}`);
  }

  gatewayReached({ status: { address, node } }: GatewayDialler): void {
    const worker = this.#worker;
    this.#log.info(
      { worker, gateway: address, gatewayNode: node },
      `worker ${worker} has reached the gateway ${address}`,
    );
  }
}
