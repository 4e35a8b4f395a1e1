import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { TestContext } from 'node:test';
import { formatAddress, parseClientId } from '#src/wire/client-id.js';
import { NodeProcess, type NodeProcessOptions } from './node.js';

/** Where Registers listen whose address has to be known before they do: nothing connects from there. */
const REGISTER_HOST = '127.0.0.2';

export const SECRET_KEY = 'between us';

/** Nodes of this machine that find each other by one list of Registers, each a process of its own. */
export class Cluster {
  /** Those that were killed or stopped included. */
  readonly nodes: NodeProcess[] = [];
  readonly #registers: readonly string[];

  constructor(registers: readonly string[]) {
    this.#registers = registers;
  }

  /** A Register on a node of its own, and one node for each name, all of them linked up. */
  static async start(names: readonly string[], options: NodeProcessOptions): Promise<Cluster> {
    const cluster = new Cluster([await freeAddress()]);
    try {
      await cluster.addRegister();
      await Promise.all(names.map((name) => cluster.add({ ...options, name })));
      await cluster.whole();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** The node of this name; of two, the one that was started last. */
  node(name: string): NodeProcess {
    const found = this.nodes.findLast((node) => node.name === name);
    assert.ok(found, `there is no node ${name}`);
    return found;
  }

  /** A Register alone. @param index of its address in the list */
  async addRegister(index = 0): Promise<NodeProcess> {
    return await this.add({
      name: `register-${index}`,
      gateway: false,
      worker: false,
      register: { listen: this.#registers[index] },
    });
  }

  /** One more node; resolves when it is up. */
  async add(options: NodeProcessOptions): Promise<NodeProcess> {
    const { gateway, cluster } = options;
    const node = await NodeProcess.start({
      ...options,
      gateway: gateway !== false && { lanPort: 0, ...gateway },
      cluster: { registerAddress: [...this.#registers], secretKey: SECRET_KEY, ...cluster },
    });
    this.nodes.push(node);
    return node;
  }

  /** Resolves when every node knows every gateway and worker of those that live, and no others, and reaches them. */
  async whole(): Promise<void> {
    const living = this.nodes.filter(({ alive }) => alive);
    await Promise.all(
      living.map(async (node) => {
        const others = living.filter((other) => other !== node);
        const gateways = others.filter(({ roles }) => roles.includes('gateway')).length;
        const workers = others.reduce((sum, other) => sum + other.workers, 0);
        const seen = { gateways: node.roles.includes('worker') ? gateways : 0 };
        const linked = { workers: node.roles.includes('gateway') ? workers : 0 };
        await node.until(
          `${seen.gateways} other gateways and ${linked.workers} other workers`,
          ({ cluster }) =>
            cluster.gateways.length === seen.gateways &&
            cluster.gateways.every(({ state }) => state === 'up') &&
            cluster.workers.length === linked.workers &&
            cluster.workers.every(({ state }) => state === 'ready'),
        );
      }),
    );
  }

  /** Stops what lives. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.filter(({ alive }) => alive).map((node) => node.stop()));
  }
}

/** Nodes that have workers only, and one named `gateway` that has none: they serve its clients, until the test ends. */
export async function clusterOfRoles(
  t: TestContext,
  workers: readonly string[],
  options: NodeProcessOptions,
): Promise<{ readonly cluster: Cluster; readonly gateway: NodeProcess }> {
  const cluster = await Cluster.start(workers, { ...options, gateway: false });
  t.after(() => cluster.stop());
  const gateway = await cluster.add({ name: 'gateway', worker: false });
  await cluster.whole();
  return { cluster, gateway };
}

/** An address for a Register that is not running yet: others have to know it before. */
export async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, REGISTER_HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `${REGISTER_HOST}:${port}`;
}

/** The inner address of the gateway that holds a client, `host:port`. */
export function gatewayOf(clientId: string): string {
  const { localIp: ip, localPort: port } = parseClientId(clientId);
  return formatAddress({ ip, port });
}
