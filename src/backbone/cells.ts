import type { Clock } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import type { LogOnce } from '../base/log-once.js';
import type { GatewayState } from '../link/gateway-state.js';
import { type GatewayAddress, addressKey, formatAddress } from '../wire/client-id.js';
import type { FarNode } from './far-node.js';
import type { Hello } from './hello.js';
import { BUCKETS } from './subjects.js';

/** Milliseconds without a word of a node after which it is not reckoned with, and after which it is not named any more. */
const SILENT = 15_000;
const FORGOTTEN = 60_000;
/** Milliseconds after which it will not come back: until then, how far it had counted has to be known. */
const GONE = 3_600_000;
/** Hellos after which a node of this cell should be known in the mesh. */
const STRANGE = 3;
/** Nodes in all cells; more are not believed. */
const MOST_NODES = 20_000;

export interface CellsOptions {
  /** Of this node. */
  readonly cell: string;
  readonly gateway: GatewayAddress | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly problems: LogOnce;
  /** Whether the gateway with this address is known in this cell's mesh. */
  readonly isInMesh: (address: GatewayAddress) => boolean;
  /** What waits for the backbone, for those who send by it. */
  readonly gauge: SharedArrayBuffer;
  readonly make: (instance: number, cell: string) => FarNode;
  /** Gateways came, or went up or down. */
  readonly onChange: () => void;
  /** A node is gone. */
  readonly onGone: (node: FarNode) => void;
}

/** What has come of a cell's nodes: see FarNode. */
export interface CellCounts {
  readonly received: number;
  readonly lost: number;
  readonly doubled: number;
}

/** Who else there is. */
export class Cells {
  readonly #options: CellsOptions;
  readonly #nodes = new Map<number, FarNode>();
  /** Nodes of other cells with a gateway, by its address. */
  readonly #gateways = new Map<number, FarNode>();
  readonly #past = new Map<string, CellCounts>();
  #states: readonly GatewayState[] | undefined;
  #telling = false;
  readonly #tell = (): void => {
    this.#telling = false;
    this.#options.onChange();
  };
  #conflict: { readonly with: FarNode; readonly error: GatewayError } | undefined;

  constructor(options: CellsOptions) {
    this.#options = options;
  }

  /** Another gateway has the address of this node's. */
  get conflict(): GatewayError | undefined {
    const found = this.#conflict;
    const isThere = found !== undefined && this.#options.clock.now() - found.with.heardAt <= SILENT;
    return isThere ? found.error : undefined;
  }

  /** Whether there is a gateway in another cell, or was a short time ago. */
  get any(): boolean {
    return this.#gateways.size > 0;
  }

  /** The gateways of other cells, as threads have to know them. */
  get gateways(): readonly GatewayState[] {
    this.#states ??= Array.from(this.#gateways.values(), (node) => this.#stateOf(node));
    return this.#states;
  }

  [Symbol.iterator](): IterableIterator<FarNode> {
    return this.#nodes.values();
  }

  /** What has come of nodes that are gone, by their cells. */
  get past(): ReadonlyMap<string, CellCounts> {
    return this.#past;
  }

  /** The node of this run; a new one, if nothing was heard of it so far. @throws GW_CLUSTER when there are too many */
  node(instance: number, cell: string): FarNode {
    let node = this.#nodes.get(instance);
    if (node === undefined) {
      if (this.#nodes.size >= MOST_NODES) {
        throw new GatewayError(
          'GW_CLUSTER',
          `A node of the cell ${cell} is not reckoned with: ${MOST_NODES} others are known already.`,
        );
      }
      node = this.#options.make(instance, cell);
      this.#nodes.set(instance, node);
    }
    return node;
  }

  /** The node whose gateway has this address. */
  at(ip: number, port: number): FarNode | undefined {
    return this.#gateways.get(addressKey(ip, port));
  }

  /** A node has said how it is. */
  heard(node: FarNode, hello: Hello): void {
    node.name = hello.node;
    if (hello.buckets !== BUCKETS) {
      this.#warn(
        node,
        `It shares names among ${hello.buckets} subjects and this node among ${BUCKETS}: run the same version on all of them.`,
      );
      return;
    }
    if (hello.end) {
      this.#forget(node);
      return;
    }
    node.heardAt = this.#options.clock.now();
    if (hello.gateway === undefined) return;
    if (this.#isOurs(node, hello.gateway)) return;
    if (node.cell === this.#options.cell) {
      this.#look(node, hello.gateway);
      return;
    }
    if (this.#isTaken(node, hello.gateway) || node.up) return;
    node.gateway = hello.gateway;
    node.up = true;
    this.#options.log.info({ cell: node.cell, node: node.name }, `${described(node)} can be reached`);
    this.#gateways.set(addressKey(hello.gateway.ip, hello.gateway.port), node);
    this.#changed();
  }

  /** Looks who has been silent for long. */
  sweep(): void {
    const now = this.#options.clock.now();
    for (const node of this.#gateways.values()) {
      const silent = now - node.heardAt;
      if (silent > FORGOTTEN) this.#remove(node);
      else if (silent > SILENT && node.up) this.#down(node, `has been silent for ${SILENT / 1000} s`);
    }
    for (const node of this.#nodes.values()) {
      if (node.numbers.lost > node.lostTold) this.#tellLost(node);
      if (now - node.heardAt > GONE) this.#forget(node);
    }
  }

  #tellLost(node: FarNode): void {
    const { lost } = node.numbers;
    const more = lost - node.lostTold;
    node.lostTold = lost;
    this.#options.problems.warn(
      `backbone: lost of ${node.cell}`,
      { cell: node.cell, node: node.name, lost },
      `${more} frames of the node ${node.name} of the cell ${node.cell} have not come: a connection to NATS broke, or this node was too slow for it`,
    );
  }

  /** This node has heard of nobody for a while, for reasons of its own: nobody is silent for that. */
  excuse(): void {
    const now = this.#options.clock.now();
    for (const node of this.#nodes.values()) node.heardAt = now;
  }

  /** Nobody can be reached. */
  apart(): void {
    for (const node of this.#gateways.values())
      if (node.up) this.#down(node, 'cannot be reached without NATS');
  }

  #isOurs(node: FarNode, address: GatewayAddress): boolean {
    const { gateway, cell } = this.#options;
    if (gateway?.ip !== address.ip || gateway.port !== address.port) return false;
    const error = new GatewayError(
      'GW_CLUSTER',
      `This node's gateway and that of the node ${node.name} of the cell ${node.cell} have the same address, ${formatAddress(address)}, which client ids begin with; this one is of the cell ${cell}. Give each gateway an address of its own: gateway.lanIp and gateway.lanPort.`,
    );
    this.#conflict = { with: node, error };
    this.#warn(node, error.message);
    return true;
  }

  /** Whether a node that says that it is of this cell is one of its mesh. One that comes is there at once, or soon. */
  #look(node: FarNode, address: GatewayAddress): void {
    node.strangeHellos = this.#options.isInMesh(address) ? 0 : node.strangeHellos + 1;
    if (node.strangeHellos < STRANGE) return;
    this.#options.problems.warn(
      'backbone: name',
      { cell: node.cell, node: node.name },
      `the node ${node.name}, whose gateway is ${formatAddress(address)}, calls its cell ${node.cell} as well, and is not in this mesh: nothing that is sent here reaches its clients. Give each mesh, and each single node, a cluster.backbone.name of its own; or the nodes of one mesh the same Register.`,
    );
  }

  /** Whether a node that lives has that address. One of the same cell has come again. */
  #isTaken(node: FarNode, address: GatewayAddress): boolean {
    const other = this.at(address.ip, address.port);
    if (other === undefined || other === node) return false;
    if (other.up && other.cell !== node.cell) {
      this.#warn(
        node,
        `Its gateway has the address ${formatAddress(address)}, as has that of the node ${other.name} of the cell ${other.cell}, which was there before. Give each gateway an address of its own: gateway.lanIp and gateway.lanPort.`,
      );
      return true;
    }
    this.#remove(other);
    return false;
  }

  #warn(node: FarNode, text: string): void {
    this.#options.problems.error(
      `backbone: ${node.cell}`,
      { cell: node.cell, node: node.name },
      `the node ${node.name} of the cell ${node.cell} is not reckoned with. ${text}`,
    );
  }

  #stateOf({ gateway, up, cell }: FarNode): GatewayState {
    // spread into it, an address would take seventy times as long
    const { ip, port } = gateway as GatewayAddress;
    return { ip, port, up, php: false, routes: true, gauge: this.#options.gauge, cell };
  }

  #down(node: FarNode, why: string): void {
    node.up = false;
    this.#options.log.warn({ cell: node.cell, node: node.name }, `${described(node)} ${why}`);
    this.#options.onGone(node);
    this.#changed();
  }

  #remove(node: FarNode): void {
    const { gateway } = node;
    if (gateway === undefined || this.at(gateway.ip, gateway.port) !== node) return;
    this.#gateways.delete(addressKey(gateway.ip, gateway.port));
    node.up = false;
    this.#options.onGone(node);
    this.#changed();
  }

  #forget(node: FarNode): void {
    if (this.#conflict?.with === node) this.#conflict = undefined;
    this.#remove(node);
    if (!this.#nodes.delete(node.instance)) return;
    const { received = 0, lost = 0, doubled = 0 } = this.#past.get(node.cell) ?? {};
    this.#past.set(node.cell, {
      received: received + node.received,
      lost: lost + node.numbers.lost,
      doubled: doubled + node.numbers.doubled,
    });
  }

  /** Many that come in one turn are told of once. */
  #changed(): void {
    this.#states = undefined;
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(this.#tell);
  }
}

function described({ gateway, name, cell }: FarNode): string {
  return `the gateway ${gateway === undefined ? '' : formatAddress(gateway)} of the node ${name} of the cell ${cell}`;
}
