import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '#src/config/load.js';
import type { UserConfig } from '#src/config/user-config.js';
import { createLogger } from '#src/base/log.js';
import { type Node, startNode } from '#src/node/node.js';
import { fixture } from './fixtures.js';
import { type LogLine, NodeLog } from './node-log.js';

export interface ChaosNodeOptions {
  /** A folder of test/fixtures/events, or an absolute path. */
  readonly events?: string;
  readonly gateway?: Exclude<UserConfig['gateway'], false>;
  readonly worker?: Exclude<UserConfig['worker'], false>;
}

/** A node in the test's own process, so that its handlers can share memory with the test. */
export class ChaosNode {
  readonly node: Node;
  readonly #log: NodeLog;
  readonly #folder: string;

  private constructor(node: Node, folder: string, log: NodeLog) {
    this.node = node;
    this.#folder = folder;
    this.#log = log;
  }

  static async start({ events = 'chaos', gateway, worker }: ChaosNodeOptions = {}): Promise<ChaosNode> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'gatewayworker-chaos-')));
    const written: UserConfig = {
      name: 'chaos',
      gateway: { listen: [{ url: 'ws://127.0.0.1:0' }], ...gateway },
      register: false,
      worker: { count: 2, events: events.startsWith('/') ? events : fixture(`events/${events}`), ...worker },
    };
    const file = join(folder, 'gatewayworker.config.json');
    await writeFile(file, JSON.stringify(written));
    const { config } = await loadConfig({ file, cwd: folder, env: {} });
    const log = new NodeLog();
    try {
      const node = await startNode(config, {
        version: '0.0.0',
        log: createLogger({ level: 'info', destination: log }),
        writeLine: log.write,
      });
      return new ChaosNode(node, folder, log);
    } catch (error) {
      await rm(folder, { recursive: true });
      throw error;
    }
  }

  get url(): string {
    return this.node.listeners[0];
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
    return this.node.status().workers.reduce((total, { lost }) => total + lost, 0);
  }

  /** The next log line that has this in its message; lines before it are passed over. */
  async logged(message: string): Promise<LogLine> {
    return await this.#log.logged(message);
  }

  async stop(): Promise<void> {
    await this.node.stop(false);
    await rm(this.#folder, { recursive: true, force: true });
  }
}
