import type { Clock } from '../base/clock.js';
import { Queue } from '../base/queue.js';
import { type Stream, Use } from './stream.js';

/** Milliseconds for which it is known which streams were used. */
const REMEMBERED = 120_000;

/** What was published on a stream from when it was idle until it was idle again. */
export interface UsePeriod {
  readonly stream: Stream;
  /** The number of the first frame, and when that was: milliseconds on the clock. */
  readonly start: number;
  readonly startedAt: number;
}

/** Which streams were used of late: where they end is said when they have become quiet, or somebody may have missed it. */
export class UsedStreams {
  readonly #clock: Clock;
  readonly #onForgotten: (stream: Stream) => void;
  /** Those that are not idle. */
  #used: Stream[] = [];
  /** Of those that have become idle, and when. */
  readonly #history = new Queue<{ readonly at: number; readonly periods: readonly UsePeriod[] }>();

  /** @param onForgotten a stream has not been used for so long that only its number matters */
  constructor(clock: Clock, onForgotten: (stream: Stream) => void) {
    this.#clock = clock;
    this.#onForgotten = onForgotten;
  }

  /** A frame is about to be numbered. */
  use(stream: Stream): void {
    if (stream.use === Use.IDLE) {
      stream.start = stream.next;
      stream.startedAt = this.#clock.now();
      this.#used.push(stream);
    }
    stream.use = Use.USED;
  }

  /** @returns those that have not been used since the sweep before the last one, and so are idle now */
  sweep(): readonly UsePeriod[] {
    const now = this.#clock.now();
    const idle: UsePeriod[] = [];
    this.#used = this.#used.filter((stream) => {
      const used = stream.use === Use.USED;
      stream.use = used ? Use.QUIET : Use.IDLE;
      if (used) return true;
      stream.endedAt = now;
      idle.push(periodOf(stream));
      return false;
    });
    if (idle.length > 0) this.#history.push({ at: now, periods: idle });
    for (let oldest = this.#history.peek(); oldest !== undefined; oldest = this.#history.peek()) {
      if (now - oldest.at < REMEMBERED) break;
      this.#history.shift();
      for (const { stream } of oldest.periods) {
        if (stream.use === Use.IDLE && stream.endedAt === oldest.at) this.#onForgotten(stream);
      }
    }
    return idle;
  }

  /** Those that were used in so many milliseconds, each with the first time that it was. */
  since(milliseconds: number): Iterable<UsePeriod> {
    const now = this.#clock.now();
    const first = new Map<Stream, UsePeriod>();
    for (const { at, periods } of this.#history) {
      if (now - at > milliseconds) continue;
      for (const period of periods) if (!first.has(period.stream)) first.set(period.stream, period);
    }
    for (const stream of this.#used) if (!first.has(stream)) first.set(stream, periodOf(stream));
    return first.values();
  }
}

function periodOf(stream: Stream): UsePeriod {
  return { stream, start: stream.start, startedAt: stream.startedAt };
}
