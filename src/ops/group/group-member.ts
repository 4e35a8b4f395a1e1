import type { Clock, Timer } from '../../base/clock.js';
import { GatewayError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { NodeReport } from '../process/node-report.js';
import { Supervisor } from '../process/supervisor.js';
import type { AskedMember } from '../requests/request-entry.js';
import type { NodeRequest, RequestName, RequestOf, ResultOf } from '../requests/requests.js';
import { MemberConversation, type MemberProcess } from './member-conversation.js';
import { isAnswer, type MemberReady, type PingRequest, type StartOrder } from './member-protocol.js';
import { StillWatch } from './still-watch.js';

/** Milliseconds in which a member that is well has answered. Twice that is shorter than what the commands grant the group. */
const ANSWER_TIME = 2000;

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
  readonly #watch: StillWatch;
  #process: MemberProcess | undefined;
  #conversation: MemberConversation | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #onFirstReport: ((report: NodeReport) => void) | undefined;
  /** What its next process is told. */
  #start: StartOrder;
  /** Hears how the start of its next process goes, once. */
  #onReport: ((report: NodeReport) => void) | undefined;

  constructor(options: GroupMemberOptions) {
    const { number, start, stillTime, clock, log } = options;
    this.#options = options;
    this.#start = start;
    this.number = number;
    this.name = start.config.name;
    this.#supervisor = new Supervisor({
      name: `node ${this.name}`,
      spawn: () => this.#fork(),
      clock,
      log,
      onFirstReport: (report) => this.#onFirstReport?.(report),
    });
    this.#watch = new StillWatch({
      stillTime,
      clock,
      ping: async () => await this.ask({ command: 'ping' }),
      onStill: (time) => this.#killStill(time),
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
    this.#watch.start();
    return await new Promise((resolve, reject) => {
      this.#onFirstReport = (report) => {
        if (report.event === 'up') resolve(report.listeners);
        if (report.event !== 'failed') return;
        this.#supervisor.expectEnd();
        reject(new GatewayError(report.code, report.message));
      };
      this.#ended = this.#supervisor.run().then(() => {
        this.#watch.close();
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
    if (!this.#conversation) throw this.#gone();
    return await this.#conversation.ask(request, time);
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
    this.#conversation?.tell({ order: 'reopen-log' });
  }

  /**
   * Stops its process and starts another.
   *
   * @param timeout milliseconds until one that does not stop is killed
   * @returns the urls that the new one listens on
   * @throws the error that the new one reports: it is tried again
   */
  async restart(start: StartOrder, graceful: boolean, timeout: number): Promise<readonly string[]> {
    this.#start = start;
    const up = new Promise<readonly string[]>((resolve, reject) => {
      this.#onReport = (report) => {
        if (report.event === 'up') resolve(report.listeners);
        else if (report.event === 'failed') reject(new GatewayError(report.code, report.message));
      };
      void this.#ended.then(() => reject(this.#gone()));
    });
    this.#supervisor.expectReplacement();
    const late = this.#endWithin(timeout);
    this.#askToStop(graceful);
    try {
      return await up;
    } finally {
      late.cancel();
      this.#onReport = undefined;
    }
  }

  /** Stops it for good; resolves when its process has ended. @param timeout milliseconds until that is killed */
  async stop(graceful: boolean, timeout: number): Promise<void> {
    this.#supervisor.expectEnd();
    const late = this.#endWithin(timeout);
    this.#askToStop(graceful);
    await this.#ended;
    late.cancel();
  }

  #askToStop(graceful: boolean): void {
    // a process that dies of it has stopped, too
    if (this.state === 'up') this.ask({ command: 'stop', graceful }).catch(ignore);
    // one that is still starting has nothing to lose yet
    else this.#supervisor.signal('SIGKILL');
  }

  #endWithin(timeout: number): Timer {
    return this.#options.clock.setTimeout(() => {
      this.#options.log.error(`node ${this.name} has not stopped in time and is killed`);
      this.#supervisor.signal('SIGKILL');
    }, timeout);
  }

  #fork(): MemberProcess {
    const { fork, clock } = this.#options;
    const process = fork();
    const conversation = new MemberConversation(process, this.name, clock);
    this.#process = process;
    this.#conversation = conversation;
    this.state = 'starting';
    this.lives++;
    this.#watch.forked();
    process.on('message', (message) => {
      if (isAnswer(message)) conversation.answered(message);
      else this.#reported(message as NodeReport | MemberReady, conversation);
    });
    process.once('close', () => this.#died(conversation));
    return process;
  }

  #reported(report: NodeReport | MemberReady, conversation: MemberConversation): void {
    if (report.event === 'ready') {
      this.#watch.hears();
      conversation.tell(this.#start);
      return;
    }
    if (report.event === 'up') this.state = 'up';
    this.#onReport?.(report);
    // the first failure is the group's, and is thrown
    if (report.event === 'failed' && this.lives > 1) {
      this.#options.log.error(`node ${this.name} does not start: ${report.message}`);
    }
  }

  #died(conversation: MemberConversation): void {
    this.#process = undefined;
    this.#conversation = undefined;
    this.state = 'down';
    this.#watch.ended();
    conversation.end(this.#gone());
  }

  #killStill(time: number): void {
    this.#options.log.error(
      `node ${this.name} (pid ${this.pid}) has stood still for ${time / 1000} s, as in an endless loop or stopped by a signal, and is killed`,
    );
    this.#supervisor.signal('SIGKILL');
  }

  #gone(): GatewayError {
    return new GatewayError('GW_CONTROL', `Node ${this.name} has no process at the moment. Try again soon.`);
  }
}

function ignore(): void {}
