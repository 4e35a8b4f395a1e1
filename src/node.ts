import { hostname, loadavg } from 'node:os';
import { systemClock } from './clock.js';
import { parseListenUrl } from './config/listen-url.js';
import type { GatewayConfig, NodeConfig, WorkerConfig } from './config/schema.js';
import { GatewayError } from './errors.js';
import { Gateway } from './gateway/gateway.js';
import type { Logger } from './log.js';
import type { ConnectionPage, Controllable, NodeStatus } from './ops/status.js';
import { EventsBundle } from './pool/events-bundle.js';
import { Pool } from './pool/pool.js';
import { ipToNumber } from './wire/client-id.js';

export interface NodeOptions {
  /** Of this package. */
  readonly version: string;
  readonly log: Logger;
  /** Writes a log line that a worker thread made: JSON. */
  readonly writeLine: (line: string) => void;
}

/** Milliseconds that a graceful reload or stop waits for pending handlers. */
const GRACEFUL_TIMEOUT = 300_000;

/**
 * Builds the parts that the configuration asks for, in the order in which they need each other: workers are ready before
 * the first port is open. Nothing is left running when one of them fails.
 *
 * @throws GatewayError
 */
export async function startNode(config: NodeConfig, options: NodeOptions): Promise<Node> {
  const { gateway, worker } = config;
  if (gateway === false || worker === false) {
    throw new GatewayError(
      'GW_CONFIG',
      `${gateway === false ? 'gateway' : 'worker'} is false, but this version runs both roles in one process; remove it from the configuration.`,
    );
  }
  const node = new Node(config, gateway, worker, options);
  await node.start();
  return node;
}

/**
 * Compiles events/ without running it, so that a mistake shows before a running node is stopped for a new one.
 *
 * @throws GW_EVENTS_MISSING, GW_EVENTS_COMPILE
 */
export async function checkEvents({ worker }: NodeConfig): Promise<void> {
  if (worker !== false) await EventsBundle.build(worker.events);
}

/** A running node: a gateway and business workers in one process. */
export class Node implements Controllable {
  readonly name: string;
  readonly gateway: Gateway;
  readonly #options: NodeOptions;
  readonly #stopTimeout: number;
  readonly #pool: Pool;
  readonly #startedAt = systemClock.now();
  #stopped: Promise<void> | undefined;

  constructor(config: NodeConfig, gateway: GatewayConfig, worker: WorkerConfig, options: NodeOptions) {
    const { log, writeLine } = options;
    this.#options = options;
    this.name = config.name === '' ? `${hostname()}:${gateway.lanPort}` : config.name;
    this.#stopTimeout = worker.stopTimeout * 1000;
    this.#pool = new Pool({
      config: worker,
      node: this.name,
      eventBufferSize: gateway.sendToWorkerBufferSize,
      localGateway: { ip: ipToNumber(gateway.lanIp), port: gateway.lanPort },
      inner: { secretKey: '', pingInterval: 25_000, tls: undefined },
      clock: systemClock,
      log,
      logLevel: config.log.level,
      writeLine,
    });
    this.gateway = new Gateway(gateway, {
      log,
      clock: systemClock,
      address: { ip: ipToNumber(gateway.lanIp), port: gateway.lanPort },
      node: this.name,
      cluster: config.cluster,
    });
  }

  /** The urls that clients connect to, with real ports. */
  get listeners(): readonly string[] {
    return this.gateway.listeners;
  }

  get workers(): number {
    return this.#pool.links.length;
  }

  /** @internal */
  async start(): Promise<void> {
    try {
      await this.#pool.prepare();
      for (const link of this.#pool.links) this.gateway.addWorker(link, { local: true });
      await this.#pool.start();
      await this.gateway.listen();
    } catch (error) {
      await this.stop(false);
      throw error;
    }
  }

  status(): NodeStatus {
    const { rss, heapUsed, external } = process.memoryUsage();
    const byPort = this.gateway.connectionsByPort;
    const byWorker = new Map(this.gateway.peers.map((peer) => [peer.name, peer.clients]));
    const { refusals, innerRefusals: _, ...counters } = this.gateway.counters;
    return {
      name: this.name,
      version: this.#options.version,
      nodejs: process.version,
      pid: process.pid,
      uptime: (systemClock.now() - this.#startedAt) / 1000,
      load: loadavg(),
      memory: { rss, heapUsed, external },
      roles: ['gateway', 'worker'],
      listeners: this.listeners.map((url) => ({
        url,
        connections: byPort.get(parseListenUrl(url).port) ?? 0,
      })),
      connections: this.gateway.directory.size,
      counters: { ...counters, refusals: Object.fromEntries(refusals) },
      reloads: this.#pool.reloads,
      workers: this.#pool
        .status()
        .map(({ name, ...slot }) => ({ ...slot, clients: byWorker.get(name) ?? 0 })),
    };
  }

  connections(offset: number, limit: number): ConnectionPage {
    const connections = [];
    let index = 0;
    for (const client of this.gateway.directory.clients()) {
      if (index >= offset + limit) break;
      if (index++ < offset) continue;
      const { protocol, remoteAddress, remotePort, bytesIn, bytesOut, bufferedBytes } = client.transport;
      connections.push({
        clientId: this.gateway.clientIdOf(client),
        uid: client.uid ?? null,
        groups: [...(client.groups ?? [])],
        protocol: protocol.name,
        remoteAddress,
        remotePort,
        bytesIn,
        bytesOut,
        buffered: bufferedBytes,
      });
    }
    return { total: this.gateway.directory.size, offset, connections };
  }

  /**
   * Replaces the workers' code without a client noticing.
   *
   * @throws GatewayError when the new code cannot run: the old goes on
   */
  async reload(graceful: boolean): Promise<void> {
    await this.#pool.reload(graceful ? GRACEFUL_TIMEOUT : this.#stopTimeout);
  }

  /** Closes the clients, lets the workers finish, frees the ports. A second call joins the first. */
  stop(graceful: boolean): Promise<void> {
    this.#stopped ??= (async () => {
      const timeout = graceful ? GRACEFUL_TIMEOUT : this.#stopTimeout;
      const deadline = systemClock.now() + timeout;
      await this.gateway.close(timeout);
      await this.#pool.stop(Math.max(0, deadline - systemClock.now()));
    })();
    return this.#stopped;
  }
}
