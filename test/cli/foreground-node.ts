import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Milliseconds. It only bounds a failure: everything here waits for an event. */
export const LIMIT = 20_000;

/** As pino counts. */
const WARNING = 40;

/** A node in the foreground, and its log. */
export class Foreground {
  readonly process: ChildProcess;
  /** The messages of the log. */
  readonly log: string[] = [];
  /** Those that somebody should look at. */
  readonly warnings: string[] = [];
  listeners: readonly string[] = [];
  readonly #ended: Promise<unknown[]>;

  private constructor(child: ChildProcess) {
    this.process = child;
    this.#ended = once(child, 'close');
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.#read(line));
    child.stderr?.on('data', (chunk: Buffer) => {
      this.warnings.push(chunk.toString());
      this.#note(chunk.toString());
    });
  }

  static async up(child: ChildProcess): Promise<Foreground> {
    const node = new Foreground(child);
    await node.logs(/ is up: /);
    return node;
  }

  /** Resolves with the first message, logged or to come, that matches; rejects when the node ends without. */
  async logs(pattern: RegExp): Promise<string> {
    const signal = AbortSignal.timeout(LIMIT);
    for (;;) {
      const found = this.log.find((message) => pattern.test(message));
      if (found !== undefined) return found;
      const more = await Promise.race([
        once(this.process, 'note', { signal }),
        this.#ended.then(() => undefined),
      ]);
      if (!more && !this.log.some((message) => pattern.test(message))) {
        throw new Error(`It ended without ${pattern}:\n${this.log.join('\n')}`);
      }
    }
  }

  /** Resolves with the exit status, or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals> {
    const [code, signal] = (await this.#ended) as [number | null, NodeJS.Signals | null];
    return code ?? (signal as NodeJS.Signals);
  }

  #read(line: string): void {
    const { level, msg, listeners } = JSON.parse(line) as {
      level: number;
      msg: string;
      listeners?: string[];
    };
    if (listeners) this.listeners = listeners;
    if (level >= WARNING) this.warnings.push(msg);
    this.#note(msg);
  }

  #note(message: string): void {
    this.log.push(message);
    this.process.emit('note');
  }
}
