import type { Clock } from '../../base/clock.js';
import { registersOf } from '../../config/registers.js';
import type { NodeConfig } from '../../config/schema.js';
import { GatewayError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { GroupMember, type MemberProcess } from './group-member.js';
import { GRACEFUL_TIMEOUT } from '../requests/graceful.js';
import type { GroupFacts } from '../requests/group-status.js';
import type { ReloadNote } from '../requests/reload.js';
import type { AskedGroup } from '../requests/request-entry.js';
import { type Answerer, answerOfGroup, type NodeRequest } from '../requests/requests.js';
import { checkGroup, groupName, memberConfig, registerConfig } from './member-config.js';
import type { NodeStatus } from '../requests/status.js';

/** Milliseconds that a member may stand still at least: its main thread has more to do than its workers'. */
const MIN_STILL_TIME = 10_000;
/** The same where there are no workers, whose processTimeout would say. */
const STILL_TIME = 30_000;
/** Milliseconds that a member gets beyond the time in which its reload settles: one that hangs must not hold up all to come. */
const RELOAD_TIME = 60_000;
/** Milliseconds that a member gets beyond the time in which its node has to stop. */
const END_TIME = 5000;

/** The node of the group's first process: a Register, and nothing else. */
export interface RegisterNode {
  /** `host:port` that it listens on. */
  readonly registerAddress: string | undefined;
  status(): NodeStatus;
  stop(graceful: boolean): Promise<void>;
}

export interface NodeGroupOptions {
  readonly config: NodeConfig;
  /** How many. */
  readonly nodes: number;
  /** Of this package. */
  readonly version: string;
  /** The file that all of them log to; null for standard output. */
  readonly logFile: string | null;
  readonly clock: Clock;
  readonly log: Logger;
  /** What the log of the first process has lost. */
  readonly logLosses: () => NodeStatus['log'];
  readonly fork: () => MemberProcess;
  readonly startRegister: (config: NodeConfig) => Promise<RegisterNode>;
  /** Compiles the application without running it. @throws GatewayError */
  readonly checkEvents: () => Promise<void>;
}

/**
 * Nodes that share the ports and know each other: what `start --nodes N` runs. They are started, asked, reloaded and
 * stopped as one; one that dies is started again, and the clients of the others do not notice.
 */
export class NodeGroup implements AskedGroup, Answerer {
  readonly name: string;
  readonly roles: readonly string[];
  /** All business workers. */
  readonly workers: number;
  /** The urls that clients connect to, with real ports. */
  listeners: readonly string[] = [];
  readonly #options: NodeGroupOptions;
  readonly #startedAt: number;
  #register: RegisterNode | undefined;
  #members: readonly GroupMember[] = [];
  #reloads = 0;
  /** The reload that is under way, or the last one. */
  #reloading: Promise<unknown> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  private constructor(options: NodeGroupOptions) {
    const { config, nodes, clock } = options;
    this.#options = options;
    this.#startedAt = clock.now();
    this.name = groupName(config);
    const { gateway, worker, register } = config;
    this.roles = Object.entries({ gateway, worker, register }).flatMap(([role, of]) =>
      of === false ? [] : [role],
    );
    this.workers = worker === false ? 0 : worker.count * nodes;
  }

  /**
   * Resolves when all nodes are up. Nothing is left running when one of them fails.
   *
   * @throws the error of the first that fails
   */
  static async start(options: NodeGroupOptions): Promise<NodeGroup> {
    checkGroup(options.config, options.nodes);
    const group = new NodeGroup(options);
    try {
      await group.#start();
    } catch (error) {
      await group.stop(false);
      throw error;
    }
    return group;
  }

  async answer(request: NodeRequest): Promise<unknown> {
    return await answerOfGroup(this, request);
  }

  get members(): readonly GroupMember[] {
    return this.#members;
  }

  facts(): GroupFacts {
    const { version, clock, logLosses } = this.#options;
    return {
      name: this.name,
      version,
      uptime: (clock.now() - this.#startedAt) / 1000,
      reloads: this.#reloads,
      roles: this.roles,
      listeners: this.listeners,
      log: logLosses(),
      cluster: this.#register?.status().cluster,
    };
  }

  /**
   * Replaces the code of one node after the other. Reloads wait for each other.
   *
   * @throws GatewayError when a node cannot run the new code. The first to refuse ends it: unless the message says
   * otherwise the old code goes on everywhere. GW_CONTROL when one stops answering in the middle of it. One that does not
   * answer from the beginning is no reason to keep the old code: a note names it
   */
  async reload(graceful: boolean): Promise<ReloadNote | null> {
    const next = async (): Promise<ReloadNote | null> => await this.#reload(graceful);
    const reloading = this.#reloading.then(next, next);
    this.#reloading = reloading;
    return await reloading;
  }

  /** Has every node open its log file anew. */
  reopenLogs(): void {
    for (const member of this.#members) member.reopenLog();
  }

  /** Stops all nodes at once. A second call joins the first. */
  stop(graceful: boolean): Promise<void> {
    this.#stopped ??= (async () => {
      const { worker } = this.#options.config;
      const own = worker === false ? 0 : worker.stopTimeout * 1000;
      const timeout = (graceful ? GRACEFUL_TIMEOUT : own) + END_TIME;
      await Promise.all(this.#members.map(async (member) => await member.stop(graceful, timeout)));
      await this.#register?.stop(graceful);
    })();
    return this.#stopped;
  }

  async #start(): Promise<void> {
    const { config, nodes, logFile, clock, log, fork, startRegister } = this.#options;
    const own = registerConfig(config);
    if (own) this.#register = await startRegister(own);
    const registers = registersOf(config, this.#register?.registerAddress);
    this.#members = Array.from(
      { length: nodes },
      (_, number) =>
        new GroupMember({
          number,
          start: { order: 'start', config: memberConfig(config, number, registers), logFile },
          fork,
          stillTime: this.#stillTime,
          clock,
          log,
        }),
    );
    // the first has all ports, those that are not shared included
    [this.listeners] = await Promise.all(this.#members.map(async (member) => await member.start()));
  }

  get #stillTime(): number {
    const { worker } = this.#options.config;
    if (worker === false) return STILL_TIME;
    return worker.processTimeout === 0 ? 0 : Math.max(MIN_STILL_TIME, worker.processTimeout * 1000);
  }

  /** Milliseconds in which a reload settles: all workers start at once, and take over one after the other. */
  #reloadTime(graceful: boolean): number {
    const { worker } = this.#options.config;
    if (worker === false) return RELOAD_TIME;
    const { startTimeout, stopTimeout, count } = worker;
    const takeover = (graceful ? GRACEFUL_TIMEOUT : stopTimeout * 1000) + stopTimeout * 1000;
    return startTimeout * 1000 + count * takeover + RELOAD_TIME;
  }

  async #reload(graceful: boolean): Promise<ReloadNote | null> {
    await this.#options.checkEvents();
    const done: string[] = [];
    const missing: string[] = [];
    for (const member of this.#members) {
      const { lives } = member;
      if (member.state !== 'down' && !(await member.answers())) {
        missing.push(member.name);
        // it hears of it when it goes on; when it is replaced, the next process has the new code anyway
        member.ask({ command: 'reload', graceful }).catch((error: Error) => {
          if (member.lives === lives && member.state !== 'down') {
            this.#options.log.error(`node ${member.name} goes on with the old code: ${error.message}`);
          }
        });
        continue;
      }
      try {
        await member.ask({ command: 'reload', graceful }, this.#reloadTime(graceful));
      } catch (error) {
        // it has died, or was dead: its next process starts with the new code
        if (member.state === 'down' || member.lives > lives) continue;
        throw done.length === 0 ? error : halfway(error as GatewayError, member.name, done);
      }
      done.push(member.name);
    }
    this.#reloads++;
    if (missing.length === 0) return null;
    return {
      note: `${missing.join(', ')} did not answer: what stands still has the new code when it goes on, or when it is replaced. status shows which it is.`,
    };
  }
}

/** Rare, since the new code compiles and the first nodes run it: a service was gone, or the code differs by node. */
function halfway({ code, message }: GatewayError, name: string, done: readonly string[]): GatewayError {
  return new GatewayError(
    code,
    `Node ${name} goes on with the old code, as do those after it, while ${done.join(', ')} already run the new: reload again when this is put right. ${message}`,
  );
}
