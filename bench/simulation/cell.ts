import { hasName } from '#src/wire/interest.js';
import { NameHash, type NameKind } from '#src/wire/name-hash.js';
import { NameFilter } from '#src/gateway/name-filter.js';
import type { NodeSet } from './node-set.js';
import type { Population } from './population.js';
import type { SampleMessage } from './messages.js';
import { SubjectCount } from './subject-count.js';

/** Names without clients, by which a filter is tested. */
const STRANGERS = 100_000;

/** The first cell of the whole, of which everything is known: as far as chance goes all others are alike. */
export class Cell {
  readonly nodes: readonly ObservedNode[];
  /** What its nodes subscribe to, taken together: what a server of NATS for this cell has to tell other servers. */
  readonly subjects: SubjectCount;

  constructor(nodes: number, mostBuckets: number) {
    this.subjects = new SubjectCount(mostBuckets);
    this.nodes = Array.from({ length: nodes }, () => new ObservedNode(mostBuckets));
  }

  /** A name has clients at these nodes. */
  add(kind: NameKind, index: number, hash: number, members: NodeSet): void {
    for (let node = 0; node < this.nodes.length; node++) {
      if (!members.has(node)) continue;
      this.nodes[node].add(kind, index, hash);
      this.subjects.add(hash);
    }
  }

  /** The gateways' filters, as other nodes of the cell have them. */
  filters(population: Population): MeshFilter[] {
    return this.nodes.map((node) => new MeshFilter(node.filter(population)));
  }
}

class ObservedNode {
  readonly subjects: SubjectCount;
  readonly #indices: Readonly<Record<NameKind, number[]>> = { uid: [], group: [] };

  constructor(mostBuckets: number) {
    this.subjects = new SubjectCount(mostBuckets);
  }

  /** How many uids and groups it has clients of. */
  get names(): number {
    return this.#indices.uid.length + this.#indices.group.length;
  }

  add(kind: NameKind, index: number, hash: number): void {
    this.#indices[kind].push(index);
    this.subjects.add(hash);
  }

  filter(population: Population): NameFilter {
    const filter = new NameFilter(this.names);
    for (const kind of ['uid', 'group'] as const) {
      for (const index of this.#indices[kind]) filter.add(kind, population.name(kind, index));
    }
    return filter;
  }
}

/** One gateway's interest in the mesh. */
export class MeshFilter {
  readonly bitmap: Buffer;
  readonly #hash = new NameHash();

  constructor({ bitmap }: NameFilter) {
    this.bitmap = bitmap;
  }

  takes({ kind, name }: Pick<SampleMessage, 'kind' | 'name'>): boolean {
    const { first, second } = this.#hash.of(kind, name);
    return hasName(this.bitmap, first, second);
  }

  /** The share of names without clients that it takes nevertheless. */
  get error(): number {
    let taken = 0;
    for (let count = 0; count < STRANGERS; count++) {
      if (this.takes({ kind: 'uid', name: `nobody-${count}` })) taken++;
    }
    return taken / STRANGERS;
  }
}
