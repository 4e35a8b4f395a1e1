import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Inbox, LIMIT } from '../support/inbox.js';

/** A line that one of our PHP programs reported: see report.php. */
export interface Report {
  /** What a part of a cluster tells; absent from the outcome of a GatewayClient call. */
  readonly event?: string;
  readonly [field: string]: unknown;
}

/** Versions from before PHP 8 use what it has deprecated, at every turn. */
const QUIET = ['-d', 'error_reporting=E_ALL & ~E_DEPRECATED'];

/** One of the PHP programs of this folder, running. It ends when its standard input does: when we stop it, or die. */
export class PhpProcess {
  /** What PHP and workerman printed: warnings and errors are here. */
  log = '';
  readonly #process: ChildProcess;
  readonly #name: string;
  readonly #reports: Inbox<Report>;
  readonly #ended: Promise<void>;

  private constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#process = child;
    this.#reports = new Inbox(name);
    for (const output of [child.stdout, child.stderr]) {
      output?.setEncoding('utf8').on('data', (text: string) => (this.log += text));
    }
    createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => {
      this.#reports.put(JSON.parse(line) as Report);
    });
    // it may have ended before we write to it; that shows as its end
    this.#stdin.on('error', () => {});
    this.#ended = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#reports.end(new Error(`${name} ${how}. It printed:\n${this.log}`));
        resolve();
      };
      child.once('error', ({ message }) => end(`did not start: ${message}`));
      child.once('close', (status, signal) => end(`ended with ${status ?? signal}`));
    });
  }

  /**
   * @param name what it is, for messages
   * @param script a PHP file of this folder
   */
  static start(name: string, script: string, ...args: readonly string[]): PhpProcess {
    const path = fileURLToPath(new URL(`../../test/php/${script}`, import.meta.url));
    return new PhpProcess(
      name,
      // detached: a process group of its own, so that it can be killed with what it forked
      spawn('php', [...QUIET, path, ...args], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'], detached: true }),
    );
  }

  get #stdin(): Writable {
    return this.#process.stdin as Writable;
  }

  /** Hands it a line. */
  write(line: string): void {
    this.#stdin.write(`${line}\n`);
  }

  /** The next report. */
  async next(): Promise<Report> {
    try {
      return await this.#reports.next();
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.#name} printed:\n${this.log}`, { cause: error });
    }
  }

  /** The next report of this event; those before it are passed over. */
  async reported(event: string): Promise<Report> {
    for (;;) {
      const report = await this.next();
      if (report.event === event) return report;
    }
  }

  /** Resolves when it and all that it forked have ended. */
  async stop(): Promise<void> {
    this.#stdin.end();
    const patience = setTimeout(() => process.kill(-(this.#process.pid as number), 'SIGKILL'), LIMIT);
    await this.#ended;
    clearTimeout(patience);
  }
}
