import type { Clock } from './clock.js';

const WINDOW_MILLISECONDS = 60_000;
/** Lines and characters of one kind that are written in a minute. */
const MAX_LINES = 6000;
const MAX_CHARACTERS = 4 * 2 ** 20;

interface Window {
  began: number;
  lines: number;
  characters: number;
  suppressed: number;
}

/**
 * How much user code may write: so many lines a minute of each kind, and so many characters. What is above that is left
 * out, which is said when it begins, and how much it was when the minute is over, or by {@link LineLimit.close}.
 */
export class LineLimit {
  readonly #clock: Clock;
  readonly #report: (fields: { kind: string; suppressed: number }, message: string) => void;
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock, report: (fields: { kind: string; suppressed: number }, message: string) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Whether a line of so many characters may be written. */
  admits(kind: string, characters: number): boolean {
    const window = this.#window(kind);
    if (
      window.suppressed > 0 ||
      window.lines === MAX_LINES ||
      window.characters + characters > MAX_CHARACTERS
    ) {
      if (window.suppressed++ === 0) this.#begin(kind, window);
      return false;
    }
    window.lines++;
    window.characters += characters;
    return true;
  }

  /** Says what was left out until now. */
  close(): void {
    for (const [kind, { suppressed }] of this.#windows) this.#end(kind, suppressed);
    this.#windows.clear();
  }

  #window(kind: string): Window {
    const now = this.#clock.now();
    let window = this.#windows.get(kind);
    if (window !== undefined && now - window.began < WINDOW_MILLISECONDS) return window;
    if (window !== undefined) this.#end(kind, window.suppressed);
    window = { began: now, lines: 0, characters: 0, suppressed: 0 };
    this.#windows.set(kind, window);
    return window;
  }

  #begin(kind: string, window: Window): void {
    const left = window.began + WINDOW_MILLISECONDS - this.#clock.now();
    this.#report(
      { kind, suppressed: 0 },
      `more than ${MAX_LINES} lines or ${MAX_CHARACTERS / 2 ** 20} MiB of ${kind} in a minute: what follows is left out for ${Math.ceil(left / 1000)} s`,
    );
    this.#clock.setTimeout(() => {
      if (this.#windows.get(kind) !== window) return;
      this.#windows.delete(kind);
      this.#end(kind, window.suppressed);
    }, left);
  }

  #end(kind: string, suppressed: number): void {
    if (suppressed > 0) this.#report({ kind, suppressed }, `${suppressed} lines of ${kind} were left out`);
  }
}
