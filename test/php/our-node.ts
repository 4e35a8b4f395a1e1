import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '#src/config/load.js';
import type { UserConfig } from '#src/config/user-config.js';
import { createLogger } from '#src/base/log.js';
import { type Node, startNode } from '#src/node/node.js';
import { fixture } from '../support/fixtures.js';
import { type LogLine, NodeLog } from '../support/node-log.js';

/** A node of ours in the test's own process, on free ports. What the configuration leaves out it does not play. */
export class OurNode {
  readonly node: Node;
  readonly #folder: string;
  readonly #log: NodeLog;

  private constructor(node: Node, folder: string, log: NodeLog) {
    this.node = node;
    this.#folder = folder;
    this.#log = log;
  }

  static async start(
    config: Pick<UserConfig, 'name' | 'gateway' | 'worker' | 'register' | 'cluster'>,
  ): Promise<OurNode> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'gatewayworker-php-')));
    const file = join(folder, 'gatewayworker.config.json');
    await writeFile(file, JSON.stringify({ gateway: false, worker: false, register: false, ...config }));
    const loaded = await loadConfig({ file, cwd: folder, env: {} });
    const log = new NodeLog();
    try {
      const logger = createLogger({ level: 'info', destination: log });
      const node = await startNode(loaded.config, { version: '0.0.0', log: logger, writeLine: log.write });
      return new OurNode(node, folder, log);
    } catch (error) {
      await rm(folder, { recursive: true });
      throw error;
    }
  }

  /** Where its Register listens. */
  get register(): string {
    return this.node.registerAddress as string;
  }

  /** Where websocket clients connect. */
  get url(): string {
    return this.node.listeners[0];
  }

  /** The next log line that has this in its message; lines before it are passed over. */
  async logged(message: string): Promise<LogLine> {
    return await this.#log.logged(message);
  }

  async stop(): Promise<void> {
    await this.node.stop(false);
    await rm(this.#folder, { recursive: true });
  }
}

/** A gateway for websockets, in a node's configuration. */
export const GATEWAY = { listen: [{ url: 'ws://127.0.0.1:0' }], lanPort: 0 };
/** A Register. */
export const REGISTER = { listen: '127.0.0.1:0' };
/** A worker with the event app whose PHP twin is events.php. */
export const WORKER = { count: 1, events: fixture('events/api') };
