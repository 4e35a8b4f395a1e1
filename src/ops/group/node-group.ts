import type { Clock } from '../../base/clock.js';
import type { ClusterCalls } from '../../client/cluster-calls.js';
import { drainTimes } from '../../config/drain.js';
import { registersOf } from '../../config/registers.js';
import { rolesOf } from '../../config/roles.js';
import type { NodeConfig } from '../../config/schema.js';
import { GatewayError } from '../../base/errors.js';
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
import { checkGroup, checkSameGroup, groupName, memberConfig, registerConfig } from './member-config.js';
import type { StartOrder } from './member-protocol.js';
import { stillTimeOf } from './still-watch.js';
import type { RawLog } from '../requests/log.js';
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
  /** The last lines of the log of the first process. */
  readonly logTail: (after: number) => RawLog;
  readonly fork: () => MemberProcess;
  readonly startRegister: (config: NodeConfig) => Promise<RegisterNode>;
  /** Compiles the application and reads its certificates, without running it. @throws GatewayError */
  readonly check: () => Promise<void>;
  /** Reads the configuration anew, compiles its application, and reads its certificates. @throws GatewayError */
  readonly readConfig: () => Promise<NodeConfig>;
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
  /** What members are started with from now on. */
  #config: NodeConfig;
  #restarting = false;
  #members: readonly GroupMember[] = [];
  /** The Gateway API of this process, once it was used. */
  #calls: Promise<ClusterCalls> | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(options: NodeGroupOptions) {
    const { config, nodes, clock } = options;
    this.#options = options;
    this.#config = config;
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

  log(after: number): RawLog {
    return this.#options.logTail(after);
  }

  /** Replaces the code of one node after the other: see {@link GroupReload}. */
  async reload(graceful: boolean): Promise<ReloadNote | null> {
    return await this.#reload.run(this.#members, graceful);
  }

  /**
   * Replaces the process of one node after the other by one that runs the program, the configuration and the code of now.
   * The others hold the ports meanwhile.
   *
   * @throws GW_CONFIG when the configuration of now is wrong; GW_CONTROL when it is for a group that has to be started anew,
   * or when a new process does not start: those after it go on as they were
   */
  async restart(graceful: boolean): Promise<void> {
    if (this.#restarting) throw new GatewayError('GW_CONTROL', 'A rolling restart is under way already.');
    this.#restarting = true;
    try {
      const config = await this.#options.readConfig();
      checkGroup(config, this.#members.length);
      checkSameGroup(this.#config, config);
      const before = this.#config;
      await claimSharedSockets(config, before);
      const timeout = stopTimeOf(before, graceful);
      this.#config = config;
      for (const member of this.#members) {
        const listeners = await this.#restart(member, graceful, timeout);
        if (member.number === 0) this.listeners = listeners;
      }
      // those that it has no more
      await removeSharedSockets(before);
    } finally {
      this.#restarting = false;
    }
  }

  /** The Gateway API, for all clients of the cluster, and of other cells. It is made, and loaded, when it is first asked for. */
  async calls(): Promise<ClusterCalls> {
    const { secretKey, tls, backbone } = this.#config.cluster;
    const registerAddress = this.#registers;
    const others = { ...(tls && { tls }), ...(backbone && { backbone }) };
    this.#calls ??= import('../../client/gateway-client.js').then(
      ({ GatewayClient }) => new GatewayClient({ registerAddress, secretKey, ...others }),
    );
    return await this.#calls;
  }

  /** Has every node open its log file anew. */
  reopenLogs(): void {
    for (const member of this.#members) member.reopenLog();
  }

  /** Stops all nodes at once. A second call joins the first. */
  stop(graceful: boolean): Promise<void> {
    this.#stopped ??= (async () => {
      // what was lost on the way is nobody's any more
      if (this.#calls !== undefined) await (await this.#calls).close().catch(() => {});
      const timeout = stopTimeOf(this.#config, graceful);
      await Promise.all(this.#members.map(async (member) => await member.stop(graceful, timeout)));
      await removeSharedSockets(this.#config);
      await this.#register?.stop(graceful);
    })();
    return this.#stopped;
  }

  async #start(): Promise<void> {
    const { config, nodes, clock, log, fork, startRegister } = this.#options;
    await claimSharedSockets(config);
    const own = registerConfig(config);
    if (own) this.#register = await startRegister(own);
    this.#members = Array.from(
      { length: nodes },
      (_, number) =>
        new GroupMember({
          number,
          start: this.#startOrder(number),
          fork,
          stillTime: stillTimeOf(config.worker),
          clock,
          log,
        }),
    );
    // the first has all ports, those that are not shared included
    [this.listeners] = await Promise.all(this.#members.map(async (member) => await member.start()));
  }

  async #restart(member: GroupMember, graceful: boolean, timeout: number): Promise<readonly string[]> {
    try {
      return await member.restart(this.#startOrder(member.number), graceful, timeout);
    } catch (error) {
      const { code, message } = error as GatewayError;
      throw new GatewayError(
        code,
        `Node ${member.name} has stopped and does not start again, which goes on being tried; those after it go on as they were. ${message}`,
      );
    }
  }

  get #registers(): readonly string[] {
    return registersOf(this.#config, this.#register?.registerAddress);
  }

  #startOrder(number: number): StartOrder {
    const config = memberConfig(this.#config, number, this.#registers);
    return { order: 'start', config, logFile: this.#options.logFile };
  }
}

/** Milliseconds in which a member has to have stopped. */
function stopTimeOf(config: NodeConfig, graceful: boolean): number {
  const { worker } = config;
  const { delay, spread } = drainTimes(config);
  const own = worker === false ? 0 : worker.stopTimeout * 1000;
  return delay + spread + (graceful ? GRACEFUL_TIMEOUT : own) + END_TIME;
}
