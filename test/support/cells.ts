import assert from 'node:assert/strict';
import { Cluster } from './cluster.js';
import { NatsServer } from './nats.js';
import type { NodeProcess, NodeProcessOptions } from './node.js';

/** Cells of one node or several, each with a Register of its own, that a NATS server joins into one whole. */
export class Cells {
  readonly server: NatsServer;
  readonly #clusters = new Map<string, Cluster>();

  readonly #ends: (() => unknown)[];

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
      await whole.#start(cells, options);
    } catch (error) {
      await whole.stop();
      throw error;
    }
    return whole;
  }

  async #start(
    cells: Readonly<Record<string, readonly string[]>>,
    options: NodeProcessOptions,
  ): Promise<void> {
    await Promise.all(
      Object.entries(cells).map(async ([cell, nodes]) => {
        const backbone = { servers: [this.server.url], name: cell };
        this.#clusters.set(
          cell,
          await Cluster.start(nodes, { ...options, cluster: { ...options.cluster, backbone } }),
        );
      }),
    );
    await this.whole();
  }

  node(name: string): NodeProcess {
    const found = this.nodes.findLast((node) => node.name === name);
    assert.ok(found, `there is no node ${name}`);
    return found;
  }

  /** Those of all cells that have a gateway or workers, and live. */
  get nodes(): NodeProcess[] {
    return [...this.#clusters.values()]
      .flatMap(({ nodes }) => nodes)
      .filter(({ alive, roles }) => alive && roles.some((role) => role !== 'register'));
  }

  cell(name: string): Cluster {
    const found = this.#clusters.get(name);
    assert.ok(found, `there is no cell ${name}`);
    return found;
  }

  /** Resolves when every node knows the gateways of all other cells that live, and no others. */
  async whole(): Promise<void> {
    await Promise.all(
      [...this.#clusters].flatMap(([cell, { nodes }]) =>
        nodes
          .filter((node) => this.nodes.includes(node))
          .map(async (node) => {
            const there = [...this.#clusters]
              .filter(([other]) => other !== cell)
              .flatMap(([, other]) => other.nodes)
              .filter((other) => this.nodes.includes(other) && other.roles.includes('gateway')).length;
            await node.until(`${there} gateways of other cells`, ({ cluster: { backbone } }) => {
              const gateways = (backbone?.cells ?? []).flatMap((other) => other.gateways);
              return (
                backbone?.state === 'connected' &&
                gateways.length === there &&
                gateways.every(({ state }) => state === 'up')
              );
            });
          }),
      ),
    );
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#clusters.values()].map((cluster) => cluster.stop()));
    await Promise.all(this.#ends.map((end) => end()));
  }
}
