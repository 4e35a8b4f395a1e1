import { hostname } from 'node:os';
import { systemClock } from './clock.js';
import type { NodeConfig } from './config/schema.js';
import { GatewayError } from './errors.js';
import { Gateway } from './gateway/gateway.js';
import type { Logger } from './log.js';
import { Pool } from './pool/pool.js';
import { ipToNumber } from './wire/client-id.js';

/** A running node. */
export interface Node {
  readonly name: string;
  /** The urls that clients connect to, with real ports. */
  readonly listeners: readonly string[];
  readonly workers: number;
  readonly gateway: Gateway;
  /**
   * Replaces the workers' code without a client noticing.
   *
   * @throws GatewayError when the new code cannot run: the old goes on
   */
  reload(): Promise<void>;
  /** Closes the clients, lets the workers finish, frees the ports. A second call joins the first. */
  stop(): Promise<void>;
}

export interface NodeOptions {
  readonly log: Logger;
  /** Writes a log line that a worker thread made: JSON. */
  readonly writeLine: (line: string) => void;
}

/**
 * Builds the parts that the configuration asks for, in the order in which they need each other: workers are ready before
 * the first port is open. Nothing is left running when one of them fails.
 *
 * @throws GatewayError
 */
export async function startNode(config: NodeConfig, { log, writeLine }: NodeOptions): Promise<Node> {
  const { gateway: gatewayConfig, worker: workerConfig } = config;
  if (gatewayConfig === false || workerConfig === false) {
    throw new GatewayError(
      'GW_CONFIG',
      `${gatewayConfig === false ? 'gateway' : 'worker'} is false, but this version runs both roles in one process; remove it from the configuration.`,
    );
  }
  const name = config.name === '' ? `${hostname()}:${gatewayConfig.lanPort}` : config.name;
  const clock = systemClock;
  const pool = new Pool({
    config: workerConfig,
    node: name,
    eventBufferSize: gatewayConfig.sendToWorkerBufferSize,
    gateways: [{ ip: ipToNumber(gatewayConfig.lanIp), port: gatewayConfig.lanPort }],
    clock,
    log,
    logLevel: config.log.level,
    writeLine,
  });
  const gateway = new Gateway(gatewayConfig, { log, clock });
  try {
    await pool.prepare();
    for (const link of pool.links) gateway.addWorker(link, { local: true });
    await pool.start();
    await gateway.listen();
  } catch (error) {
    await gateway.close();
    await pool.stop();
    throw error;
  }
  let stopped: Promise<void> | undefined;
  return {
    name,
    listeners: gateway.listeners,
    workers: workerConfig.count,
    gateway,
    reload: async () => await pool.reload(workerConfig.stopTimeout * 1000),
    stop() {
      stopped ??= (async () => {
        await gateway.close();
        await pool.stop();
      })();
      return stopped;
    },
  };
}
