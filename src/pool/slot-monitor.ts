import type { Clock, Timer } from '../base/clock.js';
import { Queue } from '../base/queue.js';

/** Milliseconds between two looks: how exact the figures are. */
const PERIOD = 250;
/** Looks over which events per second are averaged. */
const WINDOW = 8;

/** What the monitor looks at. */
export interface Monitored {
  /** Events handled so far. */
  readonly handled: number;
  /** How far the events' ring was written and freed: positions that wrap at 2^32. */
  readonly flow: { readonly written: number; readonly freed: number };
}

/** Watches a slot from outside: how many events a second it handles, and how long the oldest one has waited. */
export class SlotMonitor {
  readonly #target: Monitored;
  readonly #clock: Clock;
  readonly #timer: Timer;
  /** The last looks' counts of handled events. */
  #samples: { readonly at: number; readonly handled: number }[] = [];
  /** Places in the ring, and when they had been written: those before the oldest one are done. */
  readonly #marks = new Queue<{ readonly at: number; readonly position: number }>();

  /** @param onLook called at every look */
  constructor(target: Monitored, clock: Clock, onLook: () => void) {
    this.#target = target;
    this.#clock = clock;
    this.#timer = clock.setInterval(() => {
      this.#look();
      onLook();
    }, PERIOD);
  }

  /** Events handled per second, over the last two seconds. */
  get perSecond(): number {
    const [first] = this.#samples;
    if (first === undefined) return 0;
    const seconds = (this.#clock.now() - first.at) / 1000;
    return seconds === 0 ? 0 : (this.#target.handled - first.handled) / seconds;
  }

  /** Milliseconds that the oldest waiting event has waited, to within one look. */
  get waitingFor(): number {
    this.#forgetDone();
    const oldest = this.#marks.peek();
    return oldest === undefined ? 0 : this.#clock.now() - oldest.at;
  }

  close(): void {
    this.#timer.cancel();
  }

  #look(): void {
    const at = this.#clock.now();
    this.#samples.push({ at, handled: this.#target.handled });
    if (this.#samples.length > WINDOW) this.#samples.shift();
    this.#forgetDone();
    const { written, freed } = this.#target.flow;
    if (written !== freed) this.#marks.push({ at, position: written });
  }

  #forgetDone(): void {
    const { freed } = this.#target.flow;
    for (let mark = this.#marks.peek(); mark !== undefined; mark = this.#marks.peek()) {
      if (((freed - mark.position) | 0) < 0) return;
      this.#marks.shift();
    }
  }
}
