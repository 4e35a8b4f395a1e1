import { Queue } from '../../base/queue.js';

/** Lines that are kept, and characters of each. */
const LINES = 300;
const LENGTH = 16_384;
/** Milliseconds for which every line is kept, once somebody has asked: until then only those that warn. */
const ATTENTION = 60_000;
/** pino's number. */
const WARN = 40;
const LEVEL = /^\{"level":(\d+),/;

/** The last lines of a process's log, for those who read it elsewhere than where it is written. */
export class LogTail {
  readonly #lines = new Queue<{ readonly number: number; readonly line: string }>();
  /** Of the last line. Another process in place of this one goes on with higher ones. */
  #number = Date.now();
  #attentiveUntil = 0;

  /** A line, as pino writes it. */
  add(line: string): void {
    if (Number(LEVEL.exec(line)?.[1] ?? 0) < WARN && performance.now() > this.#attentiveUntil) return;
    if (this.#lines.length >= LINES) this.#lines.shift();
    this.#lines.push({ number: ++this.#number, line: line.slice(0, LENGTH) });
  }

  /** The lines behind one, and the number of the last. From now on all are kept for a while. */
  after(number: number): { lines: string[]; last: number } {
    this.#attentiveUntil = performance.now() + ATTENTION;
    const lines = Array.from(this.#lines).flatMap((one) => (one.number > number ? one.line : []));
    return { lines, last: this.#number };
  }
}
