import { closeSync, writeSync } from 'node:fs';
import { Queue } from '../../base/queue.js';

/** Bytes of lines that may wait for a reader who is slow. What comes when more waits is lost. */
const MAX_WAITING = 2 ** 20;
/** Milliseconds between two tries to write what waits. */
const RETRY_TIME = 20;

const NEWLINE = Buffer.from('\n');
/** What could not be written. */
export interface Losses {
  /** Lines. */
  readonly lost: number;
  /** Why the last of them was: the system's code, or `EAGAIN` when nobody reads; null when none was lost. */
  readonly lastError: string | null;
}

/** A line that is not written yet, or not wholly. */
interface Waiting {
  bytes: Buffer;
  /** Whether a part of it is written. */
  begun: boolean;
}

/**
 * Lines to a file, a pipe or a terminal. A line is written before {@link write} returns, so that none is lost when the
 * process dies; yet nobody ever waits: what a slow reader does not take waits here, and is lost when that is too much.
 * A full disk or a reader that went away costs lines and nothing else.
 */
export class LineOutput {
  #fd: number;
  #lost = 0;
  #lastError: string | null = null;
  /** Lines that were lost since the last one that was written. */
  #unreported = 0;
  /** Whether what was written last is the beginning of a line whose rest is lost. */
  #torn = false;
  readonly #waiting = new Queue<Waiting>();
  #waitingBytes = 0;
  /** Whether another try is due. */
  #retrying = false;
  #onEmpty: (() => void) | undefined;
  readonly #onRegained: (losses: Losses) => void;

  /** @param onRegained lines are written again after so many were lost: may write one that says so */
  constructor(fd: number, onRegained: (losses: Losses) => void) {
    this.#fd = fd;
    this.#onRegained = onRegained;
  }

  get fd(): number {
    return this.#fd;
  }

  /** Since the process started. */
  get losses(): Losses {
    return { lost: this.#lost, lastError: this.#lastError };
  }

  /** @param line with its newline */
  write(line: string): void {
    const text = Buffer.from(line);
    const entry = { bytes: this.#torn ? Buffer.concat([NEWLINE, text]) : text, begun: false };
    if (this.#waiting.length === 0 && this.#put(entry)) return;
    if (this.#waitingBytes + entry.bytes.length > MAX_WAITING) {
      this.#lose('EAGAIN', entry.begun);
      return;
    }
    this.#torn = false;
    this.#waiting.push(entry);
    this.#waitingBytes += entry.bytes.length;
    this.#tryLater();
  }

  /** Writes what waits, as far as the reader takes it now. May be called while the process exits. */
  flush(): void {
    for (let entry = this.#waiting.peek(); entry !== undefined; entry = this.#waiting.peek()) {
      const before = entry.bytes.length;
      const done = this.#put(entry);
      this.#waitingBytes -= done ? before : before - entry.bytes.length;
      if (!done) return;
      this.#waiting.shift();
    }
    this.#onEmpty?.();
  }

  /** Resolves when nothing waits, or the time (milliseconds) is over. */
  async flushed(time: number): Promise<void> {
    if (this.#waiting.length === 0) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, time);
      this.#onEmpty = () => {
        clearTimeout(late);
        resolve();
      };
    });
  }

  /** Goes on in this file instead. */
  moveTo(fd: number): void {
    const old = this.#fd;
    this.#fd = fd;
    this.#torn = false;
    try {
      closeSync(old);
    } catch {
      // a disk that fails as it is closed has nothing more to give
    }
  }

  #tryLater(): void {
    if (this.#retrying) return;
    this.#retrying = true;
    setTimeout(() => {
      this.#retrying = false;
      this.flush();
      if (this.#waiting.length > 0) this.#tryLater();
    }, RETRY_TIME).unref();
  }

  /** @returns whether the line is done with: written, or lost; if not, the reader takes no more at the moment */
  #put(entry: Waiting): boolean {
    try {
      while (entry.bytes.length > 0) {
        entry.bytes = entry.bytes.subarray(writeSync(this.#fd, entry.bytes));
        entry.begun = true;
      }
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') return false;
      this.#lose(code, entry.begun);
      return true;
    }
    this.#torn = false;
    // not before the backlog is written, lest there is a report of every gap in it
    if (this.#unreported > 0 && this.#waiting.length <= 1) {
      const lost = this.#unreported;
      this.#unreported = 0;
      this.#onRegained({ lost, lastError: this.#lastError });
    }
    return true;
  }

  #lose(code: string, begun: boolean): void {
    this.#lost++;
    this.#unreported++;
    this.#lastError = code;
    this.#torn ||= begun;
  }
}
