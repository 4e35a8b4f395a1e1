import type { Clock, Timer } from '../../base/clock.js';
import { GatewayError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { AskedMember } from '../requests/request-entry.js';
import type { NodeRequest, RequestName, RequestOf, ResultOf } from '../requests/requests.js';
import {
  isAnswer,
  type MemberAnswer,
  type MemberOrder,
  type MemberReady,
  type PingRequest,
  type StartOrder,
} from './member-protocol.js';
import type { NodeReport } from '../process/node-report.js';
import { type SupervisedProcess, Supervisor } from '../process/supervisor.js';

/** Milliseconds in which a member that is well has answered. Twice that is shorter than what the commands grant the group. */
const ANSWER_TIME = 2000;
/** How often within the time that a member may stand still it is asked whether it does. */
const CHECKS = 4;
/** Milliseconds until a process that was forked listens, at most: on a busy machine, node's own start takes its time. */
const BOOT_TIME = 60_000;

/** A member's process, as its group sees it. */
export interface MemberProcess extends SupervisedProcess {
  readonly pid?: number | undefined;
  /** @param callback is told of a failure, which would otherwise be an event */
  send(order: MemberOrder, callback: (error: Error | null) => void): boolean;
}

export interface GroupMemberOptions {
  /** From 0. */
  readonly number: number;
  readonly start: StartOrder;
  readonly fork: () => MemberProcess;
  /** Milliseconds that its main thread may stand still, until its process is replaced; 0: for ever. */
  readonly stillTime: number;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: GatewayError) => void;
  readonly timer: Timer | undefined;
}

/** One node of a group, from the group's side: its process, the one after that, and what they are asked. */
export class GroupMember implements AskedMember {
  readonly number: number;
  readonly name: string;
  /** `down`: between two processes, or given up. */
  state: 'starting' | 'up' | 'down' = 'down';
  /** The processes that have been forked for it. */
  lives = 0;
  readonly #options: GroupMemberOptions;
  readonly #supervisor: Supervisor;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #process: MemberProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #watch: Timer | undefined;
  /** Checks in a row that its process has not answered. */
  #unanswered = 0;
  /** Whether its process listens. */
  #listens = false;
  #onFirstReport: ((report: NodeReport) => void) | undefined;

  constructor(options: GroupMemberOptions) {
    const { number, start, clock, log } = options;
    this.#options = options;
    this.number = number;
    this.name = start.config.name;
    this.#supervisor = new Supervisor({
      name: `node ${this.name}`,
      spawn: () => this.#fork(),
      clock,
      log,
      onFirstReport: (report) => this.#onFirstReport?.(report),
    });
  }

  /** Null while there is no process. */
  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** How the last process that died did; null when none has. */
  get lastExit(): string | null {
    return this.#supervisor.lastEnd || null;
  }

  /**
   * Forks the first process, and from then on another for each that dies.
   *
   * @returns the urls it listens on
   * @throws the error that it reports, or GW_CONTROL when it ends before it is up: it is given up
   */
  async start(): Promise<readonly string[]> {
    const { clock, stillTime } = this.#options;
    if (stillTime > 0) this.#watch = clock.setInterval(() => this.#check(), stillTime / CHECKS);
    return await new Promise((resolve, reject) => {
      this.#onFirstReport = (report) => {
        if (report.event === 'up') resolve(report.listeners);
        if (report.event !== 'failed') return;
        this.#supervisor.expectEnd();
        reject(new GatewayError(report.code, report.message));
      };
      this.#ended = this.#supervisor.run().then(() => {
        this.#watch?.cancel();
        const why = this.lastExit === null ? '' : ` with ${this.lastExit}`;
        reject(
          new GatewayError('GW_CONTROL', `Node ${this.name} ended${why} before it was up: see its log.`),
        );
      });
    });
  }

  /** How often a process of it that died was replaced. */
  get restarts(): number {
    return Math.max(0, this.lives - 1);
  }

  async answerTo<Name extends RequestName>(request: RequestOf<Name>): Promise<ResultOf<Name> | undefined> {
    if (this.state !== 'up') return undefined;
    const answer = this.ask(request as NodeRequest, ANSWER_TIME) as Promise<ResultOf<Name>>;
    return await answer.catch(() => undefined);
  }

  /**
   * Asks its process.
   *
   * @param time milliseconds that the answer may take; without it, as long as the process lives
   * @throws the error it answers with, or GW_CONTROL when it does not answer
   */
  async ask(request: NodeRequest | PingRequest, time?: number): Promise<unknown> {
    const { clock } = this.#options;
    const process = this.#process;
    if (!process) throw this.#gone();
    const id = ++this.#lastId;
    return await new Promise((resolve, reject) => {
      const timer =
        time === undefined
          ? undefined
          : clock.setTimeout(() => {
              this.#pending.delete(id);
              const text = `Node ${this.name} (pid ${process.pid}) has not answered within ${time / 1000} s.`;
              reject(new GatewayError('GW_CONTROL', text));
            }, time);
      this.#pending.set(id, { resolve, reject, timer });
      // should that fail, the process has ended, which is seen below
      process.send({ id, request }, ignore);
    });
  }

  /** Whether its process answers at all. */
  async answers(): Promise<boolean> {
    return await this.ask({ command: 'ping' }, ANSWER_TIME).then(
      () => true,
      () => false,
    );
  }

  /** Has it open its log file anew. */
  reopenLog(): void {
    this.#process?.send({ order: 'reopen-log' }, ignore);
  }

  /** Stops it for good; resolves when its process has ended. @param timeout milliseconds until that is killed */
  async stop(graceful: boolean, timeout: number): Promise<void> {
    this.#supervisor.expectEnd();
    const late = this.#options.clock.setTimeout(() => {
      this.#options.log.error(`node ${this.name} has not stopped in time and is killed`);
      this.#supervisor.signal('SIGKILL');
    }, timeout);
    // a process that dies of it has stopped, too
    if (this.state === 'up') this.ask({ command: 'stop', graceful }).catch(ignore);
    // one that is still starting holds nothing yet
    else this.#supervisor.signal('SIGKILL');
    await this.#ended;
    late.cancel();
  }

  #fork(): MemberProcess {
    const process = this.#options.fork();
    this.#process = process;
    this.state = 'starting';
    this.lives++;
    this.#unanswered = 0;
    this.#listens = false;
    process.on('message', (message) => {
      if (isAnswer(message)) this.#answered(message);
      else this.#reported(message as NodeReport | MemberReady, process);
    });
    process.once('close', () => this.#died());
    return process;
  }

  /**
   * Checks are counted, and not time: where everything was stopped, the group's first process with its members, nothing
   * was missed.
   */
  #check(): void {
    if (this.#process === undefined) return;
    const { log, stillTime } = this.#options;
    const time = this.#listens ? stillTime : Math.max(stillTime, BOOT_TIME);
    if (this.#unanswered >= (time / stillTime) * CHECKS) {
      log.error(
        `node ${this.name} (pid ${this.#process.pid}) has stood still for ${time / 1000} s, as in an endless loop or stopped by a signal, and is killed`,
      );
      this.#supervisor.signal('SIGKILL');
      return;
    }
    this.#unanswered++;
    if (!this.#listens) return;
    const { lives } = this;
    this.ask({ command: 'ping' }).then(() => {
      if (this.lives === lives) this.#unanswered = 0;
    }, ignore);
  }

  #reported(report: NodeReport | MemberReady, process: MemberProcess): void {
    if (report.event === 'ready') {
      this.#listens = true;
      this.#unanswered = 0;
      process.send(this.#options.start, ignore);
    }
    if (report.event === 'up') this.state = 'up';
    // the first failure is the group's, and is thrown
    if (report.event === 'failed' && this.lives > 1) {
      this.#options.log.error(`node ${this.name} does not start: ${report.message}`);
    }
  }

  #answered({ id, answer }: MemberAnswer): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.timer?.cancel();
    if (answer.ok) pending?.resolve(answer.result);
    else pending?.reject(new GatewayError(answer.error.code, answer.error.message));
  }

  #died(): void {
    this.#process = undefined;
    this.state = 'down';
    for (const { reject, timer } of this.#pending.values()) {
      timer?.cancel();
      reject(this.#gone());
    }
    this.#pending.clear();
  }

  #gone(): GatewayError {
    return new GatewayError('GW_CONTROL', `Node ${this.name} has no process at the moment. Try again soon.`);
  }
}

function ignore(): void {}
