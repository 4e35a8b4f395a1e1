import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { createLogger } from '#src/base/log.js';
import { loadConfig } from '#src/config/load.js';
import type { UserConfig } from '#src/config/user-config.js';
import { type Node, startNode } from '#src/node/node.js';
import { SECRET_KEY, freeAddress } from './cluster.js';
import { eventually } from './eventually.js';
import { fixture } from './fixtures.js';
import { NodeLog } from './node-log.js';

/** Nodes in the test's own process, which find each other by the first one's Register: a test can look into them. */
export class Mesh {
  readonly nodes: Node[] = [];
  readonly #folder: string;
  readonly #events: string;
  readonly #register: string;

  private constructor(folder: string, events: string, register: string) {
    this.#folder = folder;
    this.#events = fixture(`events/${events}`);
    this.#register = register;
  }

  /** @param events a folder of test/fixtures/events @param workers how many each node has; resolves when all are linked up */
  static async start(events: string, workers: readonly number[]): Promise<Mesh> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'gatewayworker-mesh-')));
    const mesh = new Mesh(folder, events, await freeAddress());
    try {
      const [first, ...others] = workers;
      await mesh.#add(0, first);
      await Promise.all(others.map((count, n) => mesh.#add(n + 1, count)));
      await mesh.whole();
    } catch (error) {
      await mesh.stop();
      throw error;
    }
    return mesh;
  }

  /** Where the clients of a node come in. */
  url(node: number): string {
    return this.nodes[node].listeners[0];
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop(false)));
    await rm(this.#folder, { recursive: true, force: true });
  }

  async whole(): Promise<void> {
    const workers = this.nodes.reduce((sum, node) => sum + node.workers, 0);
    await eventually(async () => {
      await Promise.resolve();
      for (const node of this.nodes) {
        const { cluster } = node.status();
        const up = cluster.gateways.filter(({ state }) => state === 'up').length;
        const ready = cluster.workers.filter(({ state }) => state === 'ready').length;
        assert.equal(
          up,
          node.workers === 0 ? 0 : this.nodes.length - 1,
          `gateways that ${node.name} reaches`,
        );
        assert.equal(ready, workers - node.workers, `workers that ${node.name} has links to`);
      }
    });
  }

  async #add(number: number, count: number): Promise<void> {
    const written: UserConfig = {
      name: `node-${number}`,
      gateway: { listen: [{ url: 'ws://127.0.0.1:0' }], lanIp: '127.0.0.1', lanPort: 0, pingInterval: 0 },
      register: number === 0 && { listen: this.#register },
      cluster: { registerAddress: [this.#register], secretKey: SECRET_KEY },
      worker: count > 0 && { count, events: this.#events },
      admin: false,
    };
    const file = join(this.#folder, `${number}.json`);
    await writeFile(file, JSON.stringify(written));
    const { config } = await loadConfig({ file, cwd: this.#folder, env: {} });
    const log = new NodeLog();
    this.nodes[number] = await startNode(config, {
      version: '0.0.0',
      log: createLogger({ level: 'info', destination: log }),
      writeLine: log.write,
    });
  }
}
