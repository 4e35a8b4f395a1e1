import { Backoff } from '../../base/backoff.js';
import type { Clock, Timer } from '../../base/clock.js';
import { GatewayError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { Answerer, NodeRequest } from '../requests/requests.js';
import { isReport, type NodeReport } from './node-report.js';

const STATUS_FAILED = 1;
/** The configuration is wrong: starting again would not help. */
const STATUS_MISUSED = 2;

/** Between a death and the next life. */
const PAUSES = { first: 1000, last: 30_000 };
/** Milliseconds of a life that was long: a death after it is a first one again. */
const LONG_LIFE = 60_000;

/** A node's process, as far as a supervisor is concerned. */
export interface SupervisedProcess {
  kill(signal: NodeJS.Signals): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  once(event: 'close', listener: (code: number | null, signal: NodeJS.Signals | null) => void): unknown;
}

export interface SupervisorOptions {
  /** What the log calls it. */
  readonly name: string;
  readonly spawn: () => SupervisedProcess;
  readonly clock: Clock;
  readonly log: Logger;
  /** How the first start went: a node that does not start the first time is given up. */
  readonly onFirstReport: (report: NodeReport) => void;
}

/** Keeps a node running: starts it again when it dies. It answers requests only while there is no node to do so. */
export class Supervisor implements Answerer {
  readonly #options: SupervisorOptions;
  #node: SupervisedProcess | undefined;
  #stopping = false;
  #replacing = false;
  #hasBeenUp = false;
  #lastEnd = '';
  /** The pause before the next life. */
  #pause: { readonly timer: Timer; readonly until: number; readonly end: () => void } | undefined;
  readonly #ended: Promise<void>;
  #markEnded!: () => void;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#ended = new Promise((resolve) => (this.#markEnded = resolve));
  }

  /** Until the node is stopped, or given up. @returns the exit status */
  async run(): Promise<number> {
    const { name, clock, log } = this.#options;
    const pauses = new Backoff(PAUSES);
    try {
      for (;;) {
        const born = clock.now();
        const { code, signal } = await this.#live();
        if (this.#stopping) return code === 0 ? 0 : STATUS_FAILED;
        if (this.#replacing) {
          this.#replacing = false;
          pauses.reset();
          continue;
        }
        this.#lastEnd = signal === null ? `exit status ${code}` : `signal ${signal}`;
        if (!this.#hasBeenUp || code === STATUS_MISUSED) {
          log.fatal(`${name} ended with ${this.#lastEnd} and is not started again`);
          return code ?? STATUS_FAILED;
        }
        if (clock.now() - born >= LONG_LIFE) pauses.reset();
        const pause = pauses.next();
        log.error(`${name} died with ${this.#lastEnd}; it is started again in ${pause / 1000} s`);
        await this.#wait(pause);
        if (this.#stopping) return 0;
      }
    } finally {
      this.#markEnded();
    }
  }

  /** How the last life ended, in words; empty while the first one lasts. */
  get lastEnd(): string {
    return this.#lastEnd;
  }

  /** Passes a signal on to the node. One that means stop also ends the supervisor. */
  signal(signal: NodeJS.Signals): void {
    this.#node?.kill(signal);
    if (signal === 'SIGTERM' || signal === 'SIGINT') this.expectEnd();
  }

  /** The node ends on purpose: it is not started again. */
  expectEnd(): void {
    this.#stopping = true;
    this.#pause?.end();
  }

  /** The node ends on purpose, or is down: another one takes its place at once. */
  expectReplacement(): void {
    if (this.#node !== undefined) this.#replacing = true;
    this.#pause?.end();
  }

  async answer({ command }: NodeRequest): Promise<unknown> {
    if (command !== 'stop') throw this.#down();
    this.signal('SIGTERM');
    await this.#ended;
    return null;
  }

  /** One life of the node. */
  async #live(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    const { name, spawn, log, onFirstReport } = this.#options;
    return await new Promise((resolve) => {
      const node = spawn();
      this.#node = node;
      node.on('message', (message) => {
        if (!isReport(message)) return;
        if (message.event === 'stopping') this.#stopping = true;
        if (!this.#hasBeenUp) onFirstReport(message);
        if (message.event === 'up') this.#hasBeenUp = true;
      });
      node.on('error', (error) => log.error({ err: error }, `${name} cannot be started`));
      // and not exit: only now has all been heard that it had to say
      node.once('close', (code, signal) => {
        this.#node = undefined;
        resolve({ code, signal });
      });
    });
  }

  async #wait(milliseconds: number): Promise<void> {
    const { clock } = this.#options;
    await new Promise<void>((resolve) => {
      const timer = clock.setTimeout(resolve, milliseconds);
      const end = (): void => {
        timer.cancel();
        resolve();
      };
      this.#pause = { timer, until: clock.now() + milliseconds, end };
    });
    this.#pause = undefined;
  }

  #down(): GatewayError {
    const { clock } = this.#options;
    const next = this.#pause
      ? `starts it again in ${Math.ceil((this.#pause.until - clock.now()) / 1000)} s`
      : 'is starting it';
    const last = this.#lastEnd === '' ? '' : ` It last ended with ${this.#lastEnd}: see its log.`;
    return new GatewayError(
      'GW_CONTROL',
      `The node is down, and its supervisor (pid ${process.pid}) ${next}.${last}`,
    );
  }
}
