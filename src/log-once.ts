import type { Clock, Timer } from './clock.js';
import type { Logger } from './log.js';

const WINDOW_MILLISECONDS = 60_000;
/** Kinds remembered at once. Further ones share a kind, so that input that makes up kinds costs no memory. */
const MAX_KINDS = 256;
const OTHER_KINDS = '(other kinds)';

/** The minute after a line of one kind, in which further ones are counted instead of written. */
interface Window {
  suppressed: number;
  /** The most recent suppressed line, which stands for all of them when they are reported. */
  fields: object;
  message: string;
  timer: Timer;
}

/**
 * A log for what clients can provoke: a kind of warning is written when it first happens, and from then on at most
 * once a minute, with the number of those held back in `suppressed`. Nothing goes unreported: the count is written
 * when its minute ends, or by {@link LogOnce.close}.
 */
export class LogOnce {
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #clock: Clock;
  readonly #windows = new Map<string, Window>();

  constructor(logger: Pick<Logger, 'warn'>, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** `kind` is a constant of the caller, such as `frame-too-large`, and is written with the line. */
  warn(kind: string, fields: object, message: string): void {
    const key = this.#windows.has(kind) || this.#windows.size < MAX_KINDS ? kind : OTHER_KINDS;
    const window = this.#windows.get(key);
    if (window) {
      window.suppressed++;
      window.fields = fields;
      window.message = message;
      return;
    }
    this.#logger.warn({ ...fields, kind: key }, message);
    this.#open(key);
  }

  /** Writes the counts that are still pending, and stops the timers. */
  close(): void {
    for (const [key, window] of this.#windows) {
      window.timer.cancel();
      this.#report(key, window);
    }
    this.#windows.clear();
  }

  #open(key: string): void {
    const timer = this.#clock.setTimeout(() => this.#expire(key), WINDOW_MILLISECONDS);
    this.#windows.set(key, { suppressed: 0, fields: {}, message: '', timer });
  }

  #expire(key: string): void {
    const window = this.#windows.get(key);
    this.#windows.delete(key);
    // A report is a line as well: the next minute starts with it. A quiet minute frees the kind.
    if (window && this.#report(key, window)) this.#open(key);
  }

  #report(key: string, { suppressed, fields, message }: Window): boolean {
    if (suppressed > 0) this.#logger.warn({ ...fields, kind: key, suppressed }, message);
    return suppressed > 0;
  }
}
