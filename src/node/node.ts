import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { INNER_BUFFER_SIZE } from '../base/buffer-size.js';
import { systemClock } from '../base/clock.js';
import type { ClusterCalls } from '../client/cluster-calls.js';
import { drainTimes } from '../config/drain.js';
import { registersOf } from '../config/registers.js';
import { rolesOf } from '../config/roles.js';
import type { BackboneConfig, GatewayConfig, NodeConfig, WorkerConfig } from '../config/schema.js';
import { GatewayError } from '../base/errors.js';
import { Gateway } from '../gateway/gateway.js';
import { InnerPort } from '../gateway/inner/inner-port.js';
import { type InnerTls, readInnerTls } from '../net/inner-socket.js';
import { findGateways, warnOfUnusedRegister } from './find-gateways.js';
import { resolveLanIp } from './lan-ip.js';
import type { Logger } from '../base/log.js';
import type { Metric } from '../metrics/metric.js';
import { clientDetail } from './client-detail.js';
import type { ClientTraces } from './client-traces.js';
import { searchClients } from './client-search.js';
import { connectionPage } from './connection-page.js';
import { searchNames } from './name-search.js';
import type { Backbone } from '../backbone/backbone.js';
import { LoopDelay } from '../metrics/loop-delay.js';
import { nodeMetrics } from './node-metrics.js';
import { nodeNow } from './node-now.js';
import { nodeStatus } from './node-status.js';
import type { ClientDetail } from '../ops/requests/client.js';
import type { ClientList, ClientQuery } from '../ops/requests/clients.js';
import type { ConnectionPage } from '../ops/requests/connections.js';
import { GRACEFUL_TIMEOUT } from '../ops/requests/graceful.js';
import type { RawLog } from '../ops/requests/log.js';
import type { NodeNow } from '../ops/requests/live.js';
import type { NameList, NameQuery } from '../ops/requests/names.js';
import type { AskedNode } from '../ops/requests/request-entry.js';
import { type Answerer, answerOfNode, type NodeRequest } from '../ops/requests/requests.js';
import type { NodeStatus } from '../ops/requests/status.js';
import type { OtherGateway, TracePart, TraceQuery } from '../ops/requests/trace.js';
import { Pool } from '../pool/pool.js';
import { Membership } from '../register/membership.js';
import { RegisterServer } from '../register/register-server.js';
import { type GatewayAddress, formatAddress, ipToNumber } from '../wire/client-id.js';

export interface NodeOptions {
  /** Of this package. */
  readonly version: string;
  readonly log: Logger;
  /** Writes a log line that a worker thread made: JSON. */
  readonly writeLine: (line: string) => void;
  /** What the log has lost, for the status; without it nothing. */
  readonly logLosses?: () => NodeStatus['log'];
  /** The last lines of the log; without it none. */
  readonly logTail?: (after: number) => RawLog;
}

/** Milliseconds that a node without workers of its own takes to stop at most: with workers, their stopTimeout. */
const STOP_TIMEOUT = 2000;
/** Milliseconds that other nodes get to take what was sent to them, when this one stops. */
const FAREWELL_TIMEOUT = 1000;

/**
 * Builds the parts that the configuration asks for, in the order in which they need each other: workers are ready before
 * the first client can come, and other nodes are told before. Nothing is left running when one fails.
 *
 * @throws GatewayError
 */
export async function startNode(config: NodeConfig, options: NodeOptions): Promise<Node> {
  const node = new Node(config, options);
  try {
    await node.start();
  } catch (error) {
    await node.stop(false);
    throw error;
  }
  return node;
}

/** A running node: a gateway, business workers and a Register in one process, or some of these. */
export class Node implements AskedNode, Answerer {
  /** Its gateway, when it has one and has started. */
  gateway: Gateway | undefined;
  readonly #config: NodeConfig;
  readonly #options: NodeOptions;
  readonly #stopTimeout: number;
  readonly #startedAt = systemClock.now();
  #name: string;
  #register: RegisterServer | undefined;
  #innerPort: InnerPort | undefined;
  #backbone: Backbone | undefined;
  #pool: Pool | undefined;
  #membership: Membership | undefined;
  /** Once somebody has asked for it. */
  #loopDelay: LoopDelay | undefined;
  /** The Gateway API of this process, once it was used. */
  #calls: Promise<ClusterCalls> | undefined;
  #innerTls: InnerTls | undefined;
  /** Once somebody has asked for one. */
  #traces: ClientTraces | undefined;
  #stopped: Promise<void> | undefined;

  constructor(config: NodeConfig, options: NodeOptions) {
    this.#config = config;
    this.#options = options;
    this.#name = config.name;
    this.#stopTimeout = config.worker === false ? STOP_TIMEOUT : config.worker.stopTimeout * 1000;
  }

  get name(): string {
    return this.#name;
  }

  get roles(): readonly string[] {
    return rolesOf(this.#config);
  }

  /** The urls that clients connect to, with real ports. */
  get listeners(): readonly string[] {
    return this.gateway?.listeners ?? [];
  }

  /** How many business workers it has. */
  get workers(): number {
    return this.#pool?.status().length ?? 0;
  }

  /** Where its Register listens, `host:port`. */
  get registerAddress(): string | undefined {
    return this.#register?.address;
  }

  /** @internal */
  async start(): Promise<void> {
    const { register, cluster, gateway, worker } = this.#config;
    const { log } = this.#options;
    const tls = cluster.tls && readInnerTls(cluster.tls);
    this.#innerTls = tls;
    const common = { secretKey: cluster.secretKey, tls, clock: systemClock, log };
    if (register !== false)
      this.#register = await RegisterServer.open({ listen: register.listen, ...common });

    const registers = registersOf(this.#config, this.#register?.address);
    warnOfUnusedRegister(this.#register?.address, registers, log);
    const address = gateway === false ? undefined : await this.#openInnerPort(gateway, registers, tls);
    this.#name ||= `${hostname()}:${address?.port ?? process.pid}`;
    if (gateway !== false && address !== undefined) {
      const { stateDir } = this.#config;
      const own = { log, clock: systemClock, stateDir, address, node: this.name, cluster };
      this.gateway = new Gateway(gateway, own);
    }
    // a Register alone has nothing to send, and nobody to send to
    if (cluster.backbone !== undefined && (gateway !== false || worker !== false))
      this.#backbone = await this.#loadBackbone(cluster.backbone);
    if (worker !== false) await this.#preparePool(worker, address, tls);

    // the other cells are looked for while the gateways of this one are
    const joined = this.#backbone?.join();
    joined?.catch(() => {});
    if (registers.length > 0) {
      const pingInterval = cluster.pingInterval * 1000;
      this.#membership = new Membership({ registers, pingInterval, ...common });
      // other nodes' workers may come, and this node's workers find the other gateways
      if (this.gateway !== undefined) this.#innerPort?.serve(this.gateway);
      if (this.#pool !== undefined) await findGateways(this.#membership, this.#pool, address, log);
    }
    await joined;
    await this.#pool?.start();
    // first, so that other nodes' workers are on their way when the first client comes
    if (address !== undefined) this.#membership?.announce(formatAddress(address));
    await this.gateway?.listen();
  }

  async answer(request: NodeRequest): Promise<unknown> {
    return await answerOfNode(this, request);
  }

  status(): NodeStatus {
    const { version, logLosses } = this.#options;
    return nodeStatus({
      name: this.name,
      version,
      startedAt: this.#startedAt,
      roles: this.roles,
      gateway: this.gateway,
      pool: this.#pool,
      register: this.#register,
      membership: this.#membership,
      backbone: this.#backbone,
      log: logLosses?.() ?? { lost: 0, lastError: null },
    });
  }

  metrics(): Metric[] {
    return nodeMetrics({
      status: this.status(),
      listeners: this.gateway?.listenerContexts ?? [],
      pool: this.#pool,
      delays: this.#delay.counts,
    });
  }

  /** Looked at from the first question on. */
  get #delay(): LoopDelay {
    this.#loopDelay ??= new LoopDelay(systemClock);
    return this.#loopDelay;
  }

  connections(offset: number, limit: number): ConnectionPage {
    return connectionPage(this.gateway, offset, limit);
  }

  async clients(query: ClientQuery): Promise<ClientList> {
    if (this.gateway === undefined) return { clients: [], next: null, looked: 0, total: 0 };
    return await searchClients(this.gateway, query);
  }

  async names(query: NameQuery): Promise<NameList> {
    if (this.gateway === undefined) return { names: [], next: null };
    return await searchNames(this.gateway, query);
  }

  client(clientId: string): ClientDetail | null {
    return this.gateway === undefined ? null : clientDetail(this.gateway, clientId);
  }

  async trace(query: TraceQuery): Promise<TracePart> {
    const { ClientTraces, NO_GATEWAY } = await import('./client-traces.js');
    if (this.gateway === undefined) return NO_GATEWAY;
    this.#traces ??= new ClientTraces(this.gateway, () => this.#otherGateways());
    return this.#traces.answer(query);
  }

  #otherGateways(): OtherGateway[] {
    return (this.#pool?.gateways() ?? []).map(({ address, node, legacy }) => ({ address, node, legacy }));
  }

  log(after: number): RawLog {
    return this.#options.logTail?.(after) ?? { lines: [], last: 0 };
  }

  now(): NodeNow {
    return nodeNow({
      status: this.status(),
      listeners: this.gateway?.listenerContexts ?? [],
      pool: this.#pool,
      delay: this.#delay,
    });
  }

  /** The Gateway API, for all clients of the cluster. It is made, and loaded, when it is first asked for. */
  async calls(): Promise<ClusterCalls> {
    this.#calls ??= import('./node-calls.js').then(({ nodeCalls }) =>
      nodeCalls({
        gateway: this.gateway,
        membership: this.#membership,
        backbone: this.#backbone,
        secretKey: this.#config.cluster.secretKey,
        tls: this.#innerTls,
      }),
    );
    return await this.#calls;
  }

  /**
   * Replaces the workers' code and the listeners' certificates without a client noticing: all of it or nothing.
   *
   * @throws GatewayError when the new code cannot run, or a certificate cannot be used: the old go on. GW_CONTROL on a node
   *   that has neither
   */
  async reload(graceful: boolean): Promise<void> {
    if (this.#config.worker === false && this.gateway?.hasCertificates !== true) {
      throw new GatewayError(
        'GW_CONTROL',
        `The node ${this.name} has no workers (worker is false), and so no code to reload, and no listener with a certificate. Reload the nodes that have.`,
      );
    }
    const useCertificates = await this.gateway?.readCertificates();
    await this.#pool?.reload(graceful ? GRACEFUL_TIMEOUT : this.#stopTimeout);
    useCertificates?.();
  }

  /** Closes the clients, lets the workers finish, leaves the cluster, frees the ports. A second call joins the first. */
  stop(graceful: boolean): Promise<void> {
    this.#stopped ??= (async () => {
      const timeout = graceful ? GRACEFUL_TIMEOUT : this.#stopTimeout;
      await this.gateway?.announceEnd();
      const deadline = systemClock.now() + drainTimes(this.#config).spread + timeout;
      // what was lost on the way is nobody's any more
      await (await this.#calls)?.close().catch(() => {});
      // from now on nobody new comes to this gateway
      this.#membership?.withdraw();
      this.#pool?.hurry();
      await this.gateway?.close(timeout);
      await this.#pool?.stop(Math.max(0, deadline - systemClock.now()));
      await this.#backbone?.close(FAREWELL_TIMEOUT);
      await this.#innerPort?.close(FAREWELL_TIMEOUT);
      this.#membership?.close();
      await this.#register?.close();
      this.#loopDelay?.close();
    })();
    return this.#stopped;
  }

  /** @returns the gateway's inner address as others reach it */
  async #openInnerPort(
    { lanIp, lanPort, innerListen }: GatewayConfig,
    registers: readonly string[],
    tls: InnerTls | undefined,
  ): Promise<GatewayAddress> {
    const ip = ipToNumber(await resolveLanIp(lanIp, registers));
    if (registers.length === 0) return { ip, port: lanPort };
    const host = innerListen === '' ? lanIp : innerListen;
    this.#innerPort = await InnerPort.open({ host, port: lanPort, tls });
    return { ip, port: this.#innerPort.port };
  }

  async #loadBackbone(config: BackboneConfig): Promise<Backbone> {
    const { cluster, worker } = this.#config;
    const { Backbone } = await import('../backbone/backbone.js');
    return await Backbone.load({
      config,
      node: this.name,
      gateway: this.gateway,
      isInMesh: (address) => this.#isInMesh(formatAddress(address)),
      bufferSize: worker === false ? INNER_BUFFER_SIZE : worker.sendToGatewayBufferSize,
      pingInterval: cluster.pingInterval * 1000,
      clock: systemClock,
      log: this.#options.log,
    });
  }

  /** Nobody but workers dials other gateways: without them, none is known to be missing. */
  #isInMesh(address: string): boolean {
    return this.#pool?.gateways().some((gateway) => gateway.address === address) ?? true;
  }

  async #preparePool(
    config: WorkerConfig,
    localGateway: GatewayAddress | undefined,
    tls: InnerTls | undefined,
  ): Promise<void> {
    const { gateway, cluster, log, stateDir } = this.#config;
    this.#pool = new Pool({
      config,
      stateDir,
      node: this.name,
      // of events that come from gateways of other nodes only, no configuration says how many may wait
      eventBufferSize: gateway === false ? INNER_BUFFER_SIZE : gateway.sendToWorkerBufferSize,
      localGateway,
      otherCells: this.#backbone,
      inner: {
        secretKey: cluster.secretKey,
        pingInterval: cluster.pingInterval * 1000,
        tls,
        instance: randomUUID(),
      },
      clock: systemClock,
      log: this.#options.log,
      logLevel: log.level,
      writeLine: this.#options.writeLine,
    });
    await this.#pool.prepare();
    for (const link of this.#pool.links) this.gateway?.addWorker(link, { local: true });
  }
}
