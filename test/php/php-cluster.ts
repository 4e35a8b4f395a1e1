import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PhpProcess } from './php-process.js';

export interface PhpClusterOptions {
  /** Default: none. */
  readonly secretKey?: string;
  /** Registers to use. Default: the cluster starts its own. */
  readonly register?: readonly string[];
  readonly gateways?: number;
  readonly workers?: number;
}

/** A gateway of PHP. */
export interface PhpGateway {
  readonly process: PhpProcess;
  /** Inner address. */
  readonly address: string;
  /** Where websocket clients connect. */
  readonly url: string;
}

/** Parts of a PHP GatewayWorker, each a process of its own: a whole cluster, or what joins another. */
export class PhpCluster {
  readonly gateways: PhpGateway[] = [];
  readonly workers: PhpProcess[] = [];
  #registers: readonly string[] = [];
  readonly #secretKey: string;
  readonly #started: PhpProcess[] = [];
  readonly #folders: string[] = [];

  private constructor(secretKey: string) {
    this.#secretKey = secretKey;
  }

  /** Resolves when each of its workers is connected to each of its gateways. */
  static async start(options: PhpClusterOptions = {}): Promise<PhpCluster> {
    const { secretKey = '', register, gateways = 1, workers = 1 } = options;
    const cluster = new PhpCluster(secretKey);
    try {
      cluster.#registers = register ?? [await cluster.#startRegister()];
      for (let number = 0; number < gateways; number++) await cluster.#startGateway();
      for (let number = 0; number < workers; number++) await cluster.#startWorker(`php${number}`);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** The addresses of its Registers. */
  get registers(): readonly string[] {
    return this.#registers;
  }

  /** What all its processes printed. */
  get log(): string {
    return this.#started.map(({ log }) => log).join('');
  }

  async stop(): Promise<void> {
    await Promise.all(this.#started.splice(0).map((part) => part.stop()));
    await Promise.all(this.#folders.splice(0).map((folder) => rm(folder, { recursive: true })));
  }

  async #startRegister(): Promise<string> {
    const { address } = await (await this.#start('register')).reported('ready');
    return address as string;
  }

  async #startGateway(): Promise<void> {
    const part = await this.#start('gateway');
    const { address, url } = await part.reported('ready');
    this.gateways.push({ process: part, address: address as string, url: url as string });
  }

  async #startWorker(name: string): Promise<void> {
    const part = await this.#start('worker', { name });
    this.workers.push(part);
    await Promise.all(this.gateways.map((gateway) => gateway.process.reported('workerUp')));
  }

  async #start(role: string, settings: object = {}): Promise<PhpProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'gatewayworker-php-'));
    this.#folders.push(folder);
    const all = { role, folder, register: this.#registers, secretKey: this.#secretKey, ...settings };
    const part = PhpProcess.start(`The PHP ${role}`, 'server.php', 'start', JSON.stringify(all));
    this.#started.push(part);
    return part;
  }
}
