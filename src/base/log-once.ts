import type { Clock, Timer } from './clock.js';
import type { Logger } from './log.js';

const WINDOW_MILLISECONDS = 60_000;
/** Kinds remembered at once. Further ones share a kind, so that input that makes up kinds costs no memory. */
const MAX_KINDS = 256;
const OTHER_KINDS = '(other kinds)';

type Level = 'warn' | 'error';

/** The minute after the first line of one kind, in which further ones are counted instead of written. */
interface Window {
  readonly level: Level;
  /** How many more are written. */
  left: number;
  suppressed: number;
  /** The most recent suppressed line, which stands for all of them when they are reported. */
  fields: object;
  message: string;
  timer: Timer;
}

/**
 * A log for what clients can provoke: a kind of warning is written when it first happens, and from then on at most
 * once a minute, with the number of those left out in `suppressed`. Nothing goes unreported: the count is written
 * when its minute ends, or by {@link LogOnce.close}.
 */
export class LogOnce {
  readonly #logger: Pick<Logger, Level>;
  readonly #clock: Clock;
  readonly #lines: number;
  readonly #windows = new Map<string, Window>();

  /** @param lines of each kind that are written in a minute, where one is too few to find out what they have in common */
  constructor(logger: Pick<Logger, Level>, clock: Clock, lines = 1) {
    this.#logger = logger;
    this.#clock = clock;
    this.#lines = lines;
  }

  /** `kind` is a constant of the caller, such as `frame-too-large`, and is written with the line. */
  warn(kind: string, fields: object, message: string): void {
    this.#write('warn', kind, fields, message);
  }

  /** As {@link warn}. */
  error(kind: string, fields: object, message: string): void {
    this.#write('error', kind, fields, message);
  }

  /** Writes the counts that are still pending, and stops the timers. */
  close(): void {
    for (const [key, window] of this.#windows) {
      window.timer.cancel();
      this.#report(key, window);
    }
    this.#windows.clear();
  }

  #write(level: Level, kind: string, fields: object, message: string): void {
    const key = this.#windows.has(kind) || this.#windows.size < MAX_KINDS ? kind : OTHER_KINDS;
    const window = this.#windows.get(key);
    if (window !== undefined && window.left === 0) {
      window.suppressed++;
      window.fields = fields;
      window.message = message;
      return;
    }
    this.#logger[level]({ ...fields, kind: key }, message);
    if (window) window.left--;
    else this.#open(key, level);
  }

  #open(key: string, level: Level): void {
    const timer = this.#clock.setTimeout(() => this.#expire(key), WINDOW_MILLISECONDS);
    this.#windows.set(key, { level, left: this.#lines - 1, suppressed: 0, fields: {}, message: '', timer });
  }

  #expire(key: string): void {
    const window = this.#windows.get(key);
    this.#windows.delete(key);
    // A report is a line as well: the next minute starts with it. A quiet minute frees the kind.
    if (window && this.#report(key, window)) this.#open(key, window.level);
  }

  #report(key: string, { level, suppressed, fields, message }: Window): boolean {
    if (suppressed > 0) this.#logger[level]({ ...fields, kind: key, suppressed }, message);
    return suppressed > 0;
  }
}
