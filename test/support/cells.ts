import assert from 'node:assert/strict';
import { Cluster } from './cluster.js';
import { NatsServer } from './nats.js';
import { NodeProcess, type NodeProcessOptions } from './node.js';

/** Where gateways of single nodes say that they are: no port is opened there. */
const FIRST_PORT = 2900;

/** Cells of one node, which has no Register, or of several, which have one of their own, that NATS joins into one whole. */
export class Cells {
  readonly server: NatsServer;
  readonly #ends: (() => unknown)[];
  /** By cell. */
  readonly #nodes = new Map<string, readonly NodeProcess[]>();

  private constructor(server: NatsServer, ends: (() => unknown)[]) {
    this.server = server;
    this.#ends = ends;
  }

  /** @param cells names of nodes, by the cells' names. @param natsConfig of the server */
  static async start(
    cells: Readonly<Record<string, readonly string[]>>,
    options: NodeProcessOptions,
    natsConfig = '',
  ): Promise<Cells> {
    const ends: (() => unknown)[] = [];
    const server = await NatsServer.start({ after: (end) => void ends.push(end) }, natsConfig);
    const whole = new Cells(server, ends);
    try {
      await Promise.all(
        Object.entries(cells).map(([name, nodes], index) =>
          whole.#startCell(name, nodes, FIRST_PORT + index, options),
        ),
      );
      await whole.whole();
    } catch (error) {
      await whole.stop();
      throw error;
    }
    return whole;
  }

  async #startCell(
    name: string,
    names: readonly string[],
    lanPort: number,
    options: NodeProcessOptions,
  ): Promise<void> {
    const backbone = { servers: [this.server.url], name };
    const all = { ...options, cluster: { ...options.cluster, backbone } };
    if (names.length === 1) {
      const gateway = all.gateway !== false && { lanPort, ...all.gateway };
      const node = await NodeProcess.start({ ...all, name: names[0], gateway });
      this.#nodes.set(name, [node]);
      this.#ends.unshift(() => node.stop());
    } else {
      const cluster = await Cluster.start(names, all);
      this.#nodes.set(
        name,
        names.map((each) => cluster.node(each)),
      );
      this.#ends.unshift(() => cluster.stop());
    }
  }

  node(name: string): NodeProcess {
    const found = this.nodes.find((node) => node.name === name);
    assert.ok(found, `there is no node ${name}`);
    return found;
  }

  get nodes(): NodeProcess[] {
    return [...this.#nodes.values()].flat();
  }

  /** Resolves when every node knows the gateways of all other cells. */
  async whole(): Promise<void> {
    for (const nodes of this.#nodes.values()) {
      const there = this.nodes.length - nodes.length;
      for (const node of nodes) {
        await node.until(`${there} gateways of other cells`, ({ cluster: { backbone } }) => {
          const gateways = (backbone?.cells ?? []).flatMap((other) => other.gateways);
          const up = gateways.filter(({ state }) => state === 'up').length;
          return backbone?.state === 'connected' && gateways.length === there && up === there;
        });
      }
    }
  }

  /** Stops the nodes, and the server after them. */
  async stop(): Promise<void> {
    const [server, ...others] = this.#ends.toReversed();
    await Promise.all(others.map((end) => end()));
    await server();
  }
}
