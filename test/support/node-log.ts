import { Inbox, LIMIT } from './inbox.js';

/** Milliseconds that a line may take while others come: it only bounds a failure. */
const LONGEST = 3 * LIMIT;

/** A line of a node's log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** What a node logs: every line is kept, and can be waited for. */
export class NodeLog {
  /** Every line so far. */
  readonly lines: LogLine[] = [];
  readonly #inbox = new Inbox<LogLine>("a node's log");

  /** Takes a line of JSON; a function of its own, which a node can be given. */
  readonly write = (line: string): void => {
    const entry: LogLine = JSON.parse(line);
    this.lines.push(entry);
    this.#inbox.put(entry);
  };

  /** Nothing is logged any more: whoever waits for a line gets this error. */
  end(error: Error): void {
    this.#inbox.end(error);
  }

  /** The next line that has this in its message; lines before it are passed over. */
  async logged(message: string): Promise<LogLine> {
    const deadline = performance.now() + LONGEST;
    for (;;) {
      const line = await this.#inbox.next();
      if (line.msg.includes(message)) return line;
      if (performance.now() > deadline) {
        throw new Error(`The log had no line with "${message}" for ${LONGEST / 1000} s, but others.`);
      }
    }
  }

  /** How often a thread died. */
  get deaths(): number {
    return this.lines.filter(({ msg }) => / died: /.test(msg)).length;
  }
}
