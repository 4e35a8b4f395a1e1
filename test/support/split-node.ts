import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#src/base/clock.js';
import { loadConfig } from '#src/config/load.js';
import type { GatewayConfig, WorkerConfig } from '#src/config/schema.js';
import type { UserConfig } from '#src/config/user-config.js';
import { Gateway } from '#src/gateway/gateway.js';
import { InnerPort } from '#src/gateway/inner/inner-port.js';
import { createLogger } from '#src/base/log.js';
import { Pool } from '#src/pool/pool.js';
import type { GatewayAddress } from '#src/wire/client-id.js';
import type { ChaosNodeOptions } from './chaos-node.js';
import { fixture } from './fixtures.js';
import { type LogLine, NodeLog } from './node-log.js';

/** As 127.0.0.1. */
const LOOPBACK = 0x7f000001;

export interface SplitNodeOptions extends ChaosNodeOptions {
  readonly gateways?: number;
  readonly secretKey?: string;
}

interface RemoteGateway {
  readonly gateway: Gateway;
  readonly innerPort: InnerPort;
  readonly address: GatewayAddress;
}

/** A worker-only node, and gateways that have no workers of their own: every frame between them crosses TCP. */
export class SplitNode {
  readonly pool: Pool;
  readonly gateways: readonly RemoteGateway[];
  /** Another worker-only node of this name, which the caller stops. */
  readonly startPool: (node: string) => Promise<Pool>;
  readonly #log: NodeLog;
  readonly #folder: string;

  private constructor(
    pool: Pool,
    gateways: readonly RemoteGateway[],
    parts: { folder: string; log: NodeLog; startPool: (node: string) => Promise<Pool> },
  ) {
    this.startPool = parts.startPool;
    this.pool = pool;
    this.gateways = gateways;
    this.#log = parts.log;
    this.#folder = parts.folder;
  }

  static async start(options: SplitNodeOptions = {}): Promise<SplitNode> {
    const { events = 'chaos', gateway, worker, secretKey = 'open sesame' } = options;
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'gatewayworker-split-')));
    const written: UserConfig = {
      gateway: { listen: [{ url: 'ws://127.0.0.1:0' }], ...gateway },
      worker: { count: 2, events: events.startsWith('/') ? events : fixture(`events/${events}`), ...worker },
    };
    const file = join(folder, 'gatewayworker.config.json');
    await writeFile(file, JSON.stringify(written));
    const { config } = await loadConfig({ file, cwd: folder, env: {} });
    const log = new NodeLog();
    const logger = createLogger({ level: 'info', destination: log });
    const gatewayConfig = config.gateway as GatewayConfig;
    const workerConfig = config.worker as WorkerConfig;
    const gateways: RemoteGateway[] = [];
    for (let n = 0; n < (options.gateways ?? 1); n++) {
      const innerPort = await InnerPort.open({ host: '127.0.0.1', port: 0 });
      const address = { ip: LOOPBACK, port: innerPort.port };
      const cluster = { secretKey, pingInterval: 25 };
      const node = `gateway-${n}`;
      const remote = new Gateway(gatewayConfig, { log: logger, clock: systemClock, address, node, cluster });
      innerPort.serve(remote);
      await remote.listen();
      gateways.push({ gateway: remote, innerPort, address });
    }
    const startPool = async (node: string): Promise<Pool> => {
      const pool = new Pool({
        config: workerConfig,
        node,
        eventBufferSize: gatewayConfig.sendToWorkerBufferSize,
        localGateway: undefined,
        inner: { secretKey, pingInterval: 25_000, tls: undefined, instance: 'split' },
        clock: systemClock,
        log: logger,
        logLevel: 'info',
        writeLine: log.write,
      });
      await pool.prepare();
      pool.setGateways(gateways.map(({ address }) => address));
      await pool.connected(10_000);
      await pool.start();
      return pool;
    };
    const pool = await startPool('workers');
    return new SplitNode(pool, gateways, { folder, log, startPool });
  }

  get url(): string {
    return this.urls[0];
  }

  /** Where clients connect to, by gateway. */
  get urls(): readonly string[] {
    return this.gateways.map(({ gateway }) => gateway.listeners[0]);
  }

  /** Every log line so far. */
  get log(): readonly LogLine[] {
    return this.#log.lines;
  }

  /** How often a thread died. */
  get deaths(): number {
    return this.#log.deaths;
  }

  /** Events begun and not done. */
  get lost(): number {
    return this.pool.status().reduce((total, { lost }) => total + lost, 0);
  }

  /** The next log line that has this in its message; lines before it are passed over. */
  async logged(message: string): Promise<LogLine> {
    return await this.#log.logged(message);
  }

  async stop(): Promise<void> {
    await Promise.all(this.gateways.map(async ({ gateway }) => await gateway.close(2000)));
    await this.pool.stop(2000);
    await Promise.all(this.gateways.map(async ({ innerPort }) => await innerPort.close(1000)));
    await rm(this.#folder, { recursive: true, force: true });
  }
}
