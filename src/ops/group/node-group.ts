import type { Clock } from '../../base/clock.js';
import { registersOf } from '../../config/registers.js';
import { rolesOf } from '../../config/roles.js';
import type { NodeConfig } from '../../config/schema.js';
import type { Logger } from '../../base/log.js';
import { GroupMember } from './group-member.js';
import { GroupReload } from './group-reload.js';
import type { MemberProcess } from './member-conversation.js';
import { GRACEFUL_TIMEOUT } from '../requests/graceful.js';
import type { GroupFacts } from '../requests/group-status.js';
import type { ReloadNote } from '../requests/reload.js';
import type { AskedGroup } from '../requests/request-entry.js';
import { type Answerer, answerOfGroup, type NodeRequest } from '../requests/requests.js';
import { claimSharedSockets, removeSharedSockets } from './shared-sockets.js';
import { checkGroup, groupName, memberConfig, registerConfig } from './member-config.js';
import { stillTimeOf } from './still-watch.js';
import type { NodeStatus } from '../requests/status.js';

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
  /** Compiles the application and reads its certificates, without running it. @throws GatewayError */
  readonly check: () => Promise<void>;
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
  readonly #reload: GroupReload;
  #register: RegisterNode | undefined;
  #members: readonly GroupMember[] = [];
  #stopped: Promise<void> | undefined;

  private constructor(options: NodeGroupOptions) {
    const { config, nodes, clock } = options;
    this.#options = options;
    this.#startedAt = clock.now();
    this.name = groupName(config);
    this.roles = rolesOf(config);
    const { worker } = config;
    this.#reload = new GroupReload({ ...options, worker });
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
      reloads: this.#reload.count,
      roles: this.roles,
      listeners: this.listeners,
      log: logLosses(),
      cluster: this.#register?.status().cluster,
    };
  }

  /** Replaces the code of one node after the other: see {@link GroupReload}. */
  async reload(graceful: boolean): Promise<ReloadNote | null> {
    return await this.#reload.run(this.#members, graceful);
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
      await removeSharedSockets(this.#options.config);
      await this.#register?.stop(graceful);
    })();
    return this.#stopped;
  }

  async #start(): Promise<void> {
    const { config, nodes, logFile, clock, log, fork, startRegister } = this.#options;
    await claimSharedSockets(config);
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
          stillTime: stillTimeOf(config.worker),
          clock,
          log,
        }),
    );
    // the first has all ports, those that are not shared included
    [this.listeners] = await Promise.all(this.#members.map(async (member) => await member.start()));
  }
}
