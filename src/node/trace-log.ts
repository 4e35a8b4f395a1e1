import { Queue } from '../base/queue.js';
import type { TraceEntry } from '../ops/requests/trace.js';

/** Entries that wait to be read, and characters in them. */
const MOST_ENTRIES = 4000;
const MOST_CHARACTERS = 4 * 2 ** 20;
/** Entries, and characters, that are read at once. */
const READ_ENTRIES = 1000;
const READ_CHARACTERS = 2 ** 20;

interface Numbered {
  readonly number: number;
  readonly entry: TraceEntry;
}

/** The entries of a trace that have not been read: the newest ones, numbered from 1. What was read before is forgotten. */
export class TraceLog {
  readonly #entries = new Queue<Numbered>();
  #characters = 0;
  /** The number of the newest one. */
  #last = 0;

  push(entry: TraceEntry): void {
    this.#entries.push({ number: ++this.#last, entry });
    this.#characters += entry.text.length;
    while (this.#entries.length > MOST_ENTRIES || this.#characters > MOST_CHARACTERS) this.#shift();
  }

  /**
   * Those that follow an entry that was read, as many as may be read at once.
   *
   * @returns `dropped`: how many lie between that one and these; `last`: the number of the last of these, and whether it is
   *   the newest
   */
  read(after: number): { entries: TraceEntry[]; dropped: number; last: number; newest: boolean } {
    const from = Math.min(after, this.#last);
    for (let first = this.#entries.peek(); first !== undefined; first = this.#entries.peek()) {
      if (first.number > from) break;
      this.#shift();
    }
    const entries: TraceEntry[] = [];
    let characters = 0;
    for (const { entry } of this.#entries) {
      if (entries.length >= READ_ENTRIES || characters > READ_CHARACTERS) break;
      entries.push(entry);
      characters += entry.text.length;
    }
    const first = this.#entries.peek()?.number ?? from + 1;
    const last = first - 1 + entries.length;
    return { entries, dropped: first - 1 - from, last, newest: last === this.#last };
  }

  #shift(): void {
    this.#characters -= this.#entries.shift()?.entry.text.length ?? 0;
  }
}
