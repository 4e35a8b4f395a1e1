import type { ThreadLink } from '../link/thread-link.js';
import type { RunningEvent, ThreadGauge } from '../ring/thread-gauge.js';

/**
 * Shows in the thread's gauge which events are being handled. A handler that has ended is done when what it sent cannot be
 * lost any more, should this thread die.
 */
export class HandlerProgress {
  readonly #link: ThreadLink;
  readonly #gauge: ThreadGauge;
  /** Places in the gauge of handlers that have ended, and of which something is still in this thread. */
  readonly #unsettled: number[] = [];

  constructor(link: ThreadLink, gauge: ThreadGauge) {
    this.#link = link;
    this.#gauge = gauge;
  }

  /** A handler is about to be called. */
  begin(event: RunningEvent): void {
    this.#gauge.begin(event);
  }

  /** It has returned, and ended. */
  end(event: RunningEvent): void {
    if (this.#link.isSettled) this.#gauge.end();
    else this.#settleLater(this.#gauge.suspend(event));
  }

  /** It has returned a promise. @returns its place, for {@link settle} */
  suspend(event: RunningEvent): number {
    return this.#gauge.suspend(event);
  }

  /** Its promise has settled. */
  settle(place: number): void {
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
