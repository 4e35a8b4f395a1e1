import type { ThreadLink } from '../link/thread-link.js';
import type { RunningEvent, ThreadGauge } from '../ring/thread-gauge.js';

/** A handler that has returned a promise. */
export interface PendingHandler {
  /** Its place in the gauge. */
  readonly place: number;
  /** Milliseconds on the clock of `performance`. */
  readonly began: number;
}

/**
 * Shows in the thread's gauge which events are being handled, and how long that takes. A handler that has ended is done
 * when what it sent cannot be lost any more, should this thread die.
 */
export class HandlerProgress {
  readonly #link: ThreadLink;
  readonly #gauge: ThreadGauge;
  /** Places in the gauge of handlers that have ended, and of which something is still in this thread. */
  readonly #unsettled: number[] = [];
  /** When the handler began that runs. */
  #began = 0;
  /** When the one before it was done, if the thread has done nothing else since: a look at the clock is saved. 0: it has. */
  #free = 0;

  constructor(link: ThreadLink, gauge: ThreadGauge) {
    this.#link = link;
    this.#gauge = gauge;
  }

  /** The thread may have done something else since a handler was done. */
  beginAnew(): void {
    this.#free = 0;
  }

  /** A handler is about to be called. */
  begin(event: RunningEvent): void {
    this.#began = this.#free === 0 ? performance.now() : this.#free;
    this.#gauge.begin(event);
  }

  /** It has returned, and ended. */
  end(event: RunningEvent): void {
    this.#free = performance.now();
    this.#gauge.took((this.#free - this.#began) / 1000);
    if (this.#link.isSettled) this.#gauge.end();
    else this.#settleLater(this.#gauge.suspend(event));
  }

  /** It has returned a promise. @returns it, for {@link settle} */
  suspend(event: RunningEvent): PendingHandler {
    this.#free = 0;
    return { place: this.#gauge.suspend(event), began: this.#began };
  }

  /** Its promise has settled. */
  settle({ place, began }: PendingHandler): void {
    this.#gauge.took((performance.now() - began) / 1000);
    if (this.#link.isSettled) this.#gauge.settle(place);
    else this.#settleLater(place);
  }

  #settleLater(place: number): void {
    this.#unsettled.push(place);
    if (this.#unsettled.length > 1) return;
    void this.#link.settled().then(() => {
      for (const done of this.#unsettled.splice(0)) this.#gauge.settle(done);
    });
  }
}
