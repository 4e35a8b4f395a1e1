import type { Clock, Timer } from '../base/clock.js';
import { SECONDS, bucketsLength, countValue } from '../ring/bucket-counts.js';

/** Milliseconds between two looks: as often as worker threads look at theirs. */
const PERIOD = 250;

/** How late the event loop of this thread comes round: see ring/bucket-counts.ts. */
export class LoopDelay {
  readonly bounds = SECONDS;
  readonly counts = new Float64Array(bucketsLength(SECONDS));
  readonly #timer: Timer;

  constructor(clock: Clock) {
    let due = clock.now() + PERIOD;
    this.#timer = clock.setInterval(() => {
      const now = clock.now();
      countValue(this.counts, SECONDS, Math.max(0, now - due) / 1000);
      due = now + PERIOD;
    }, PERIOD);
  }

  close(): void {
    this.#timer.cancel();
  }
}
