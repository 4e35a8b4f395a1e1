import type { Clock, Timer } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import type { StartStep } from '../link/thread-protocol.js';

/** Milliseconds after which the log says what a start waits for. */
const WARNING = 10_000;

/** What a thread that is not ready waits for. */
const STEPS: Readonly<Record<StartStep | 'begin', string>> = {
  begin: 'its thread to begin',
  load: 'the code of events/ to load: a top-level await, or an import',
  onWorkerStart: 'onWorkerStart',
};

export interface ThreadStartOptions {
  readonly slot: number;
  /** Milliseconds until a thread that is not ready is given up. */
  readonly startTimeout: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** The thread is given up. {@link ThreadStart.ready} has said so. */
  readonly onGivenUp: () => void;
}

/** The start of a thread: it ends with ready, failed with its reason, or out of time. */
export class ThreadStart {
  /** Settles once. */
  readonly ready: Promise<void>;
  /** What the thread is at. */
  step: StartStep | 'begin' = 'begin';
  readonly #options: ThreadStartOptions;
  readonly #timers: readonly Timer[];
  #onReady!: () => void;
  #onFailed!: (error: Error) => void;

  constructor(options: ThreadStartOptions) {
    this.#options = options;
    const { clock, startTimeout } = options;
    this.ready = new Promise((resolve, reject) => {
      this.#onReady = resolve;
      this.#onFailed = reject;
    });
    // whoever waits for it is told; nobody else needs to be
    this.ready.catch(() => {});
    this.#timers = [
      clock.setTimeout(() => this.#warn(), WARNING),
      clock.setTimeout(() => this.#giveUp(), startTimeout),
    ];
  }

  succeed(): void {
    this.#settle();
    this.#onReady();
  }

  /** Nothing once it has succeeded, or failed before. */
  fail(error: GatewayError): void {
    this.#settle();
    this.#onFailed(error);
  }

  #settle(): void {
    for (const timer of this.#timers) timer.cancel();
  }

  #warn(): void {
    const { log, slot, startTimeout } = this.#options;
    log.warn(
      { worker: slot, step: this.step },
      `worker ${slot} is not ready after ${WARNING / 1000} s: it waits for ${STEPS[this.step]}. It is given up after ${startTimeout / 1000} s (worker.startTimeout)`,
    );
  }

  #giveUp(): void {
    const { slot, startTimeout, onGivenUp } = this.#options;
    this.fail(
      new GatewayError(
        'GW_START_TIMEOUT',
        `Worker ${slot} was not ready within ${startTimeout / 1000} s (worker.startTimeout): it waited for ${STEPS[this.step]}. Mend what does not come to its end, or raise worker.startTimeout.`,
      ),
    );
    onGivenUp();
  }
}
