import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { cpuSeconds, residentBytes } from '../load/process-usage.js';
import { Child } from './child.js';
import { freePorts } from './free-ports.js';

/** A folder that not everybody's PATH has. */
const PATH = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;

/** A nats-server without any configuration, as `npm run setup` installs it. */
export class Nats {
  readonly url: string;
  /** Where other servers reach it. */
  readonly route: string;
  readonly #child: Child;

  /** @param others routes of servers that it makes up one NATS with */
  static async start(name: string, others: readonly string[] = []): Promise<Nats> {
    const [port, route] = await freePorts(2);
    const nats = new Nats(name, port, route, others);
    await nats.#ready();
    return nats;
  }

  private constructor(name: string, port: number, route: number, others: readonly string[]) {
    this.url = `nats://127.0.0.1:${port}`;
    this.route = `nats://127.0.0.1:${route}`;
    const cluster = ['--cluster_name', 'bench', '--cluster', this.route];
    const routes = others.length === 0 ? [] : ['--routes', others.join()];
    this.#child = new Child({
      name,
      command: 'nats-server',
      args: ['--addr', '127.0.0.1', '--port', String(port), ...cluster, ...routes],
      env: { PATH },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  /** Seconds of processor time that it has used. */
  get cpu(): number {
    return cpuSeconds([this.#child.pid]);
  }

  /** Its resident memory, in bytes. */
  get memory(): number {
    return residentBytes([this.#child.pid]);
  }

  async stop(): Promise<void> {
    await this.#child.stop();
  }

  async #ready(): Promise<void> {
    const lines = createInterface({ input: this.#child.process.stderr as Readable });
    const failed = once(this.#child.process, 'error').then(([cause]) => {
      throw new Error('nats-server is not there: run npm run setup', { cause });
    });
    const ready = new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        if (line.includes('Server is ready')) resolve();
      });
    });
    await Promise.race([failed, this.#child.orExit(ready)]);
  }
}
