import { NameHash } from '#src/wire/name-hash.js';
import { Cell, type MeshFilter } from './cell.js';
import { Followers } from './followers.js';
import { type Sample, type SampleMessage, samples } from './messages.js';
import { NodeSet } from './node-set.js';
import { Population, type Whole } from './population.js';

/** Messages of each sort. */
const MESSAGES = 2000;

export interface Outcome {
  readonly whole: Whole;
  readonly uids: number;
  readonly groups: number;
  /** Clients in groups, each as often as it is in one. */
  readonly memberships: number;
  /** Uids and groups that one node has clients of. */
  readonly namesANode: number;
  readonly buckets: readonly BucketOutcome[];
  readonly sorts: readonly SortOutcome[];
  readonly interest: InterestOutcome;
}

/** What so many buckets cost. */
export interface BucketOutcome {
  readonly buckets: number;
  readonly subjectsANode: number;
  /** Different ones, of all nodes of a cell. */
  readonly subjectsACell: number;
  /** The share of names that are alone in their bucket on a node: with the first client it subscribes, with the last it leaves. */
  readonly alone: number;
}

/** Messages of one sort: means. */
export interface SortOutcome {
  readonly title: string;
  /** Nodes of the whole, and of the sender's cell beside itself, that have clients of the name. */
  readonly members: number;
  readonly cellMembers: number;
  /** Frames in the sender's cell, by the gateways' filters. */
  readonly meshFrames: number;
  /** By the number of buckets. */
  readonly deliveries: readonly Deliveries[];
}

/** What NATS makes of one message. */
export interface Deliveries {
  readonly buckets: number;
  /** To how many nodes it goes: without the sender. */
  readonly all: number;
  /** Of these: in the sender's cell, which have had it by the mesh; in other cells, without clients of the name. */
  readonly ownCell: number;
  readonly nobody: number;
}

/** The filters of a cell's gateways. */
export interface InterestOutcome {
  /** Of one gateway, in the mean. */
  readonly bytes: number;
  /** Of the cell's other gateways, as each node has them. */
  readonly bytesANode: number;
  /** The share of names without clients that a filter takes. */
  readonly error: number;
}

/** @param buckets powers of two, the largest one last */
export function simulate(whole: Whole, buckets: readonly number[]): Outcome {
  const population = new Population(whole);
  const cell = new Cell(Math.floor(whole.nodes / whole.cells), buckets[buckets.length - 1]);
  const sorts = samples(population, MESSAGES);
  const hashes = sorts.flatMap(({ messages }) => messages.map(({ hash }) => hash));
  const followers = buckets.map((count) => new Followers(count, hashes, whole.nodes));
  const memberships = fill(population, cell, followers);
  const filters = cell.filters(population);
  const namesANode = mean(cell.nodes, ({ names }) => names);
  return {
    whole,
    uids: population.uids,
    groups: population.groups,
    memberships,
    namesANode,
    buckets: buckets.map((count) => ({
      buckets: count,
      subjectsANode: mean(cell.nodes, ({ subjects }) => subjects.of(count)),
      subjectsACell: cell.subjects.of(count),
      alone: (1 - 1 / count) ** (namesANode - 1),
    })),
    sorts: sorts.map((sort) => sortOutcome(sort, filters, followers)),
    interest: {
      bytes: mean(filters, ({ bitmap }) => bitmap.length),
      bytesANode: filters.slice(1).reduce((total, { bitmap }) => total + bitmap.length, 0),
      error: mean(filters, ({ error }) => error),
    },
  };
}

/** Puts everybody where they are. @returns the groups' members in all */
function fill(population: Population, cell: Cell, followers: readonly Followers[]): number {
  const hash = new NameHash();
  const members = new NodeSet(population.whole.nodes);
  let memberships = 0;
  for (const kind of ['uid', 'group'] as const) {
    for (let index = 0; index < population.count(kind); index++) {
      const { first } = hash.of(kind, population.name(kind, index));
      members.clear();
      const size = population.place(kind, index, members);
      if (kind === 'group') memberships += size;
      // who shares no bucket with others shares none of its halves
      for (const each of followers) if (!each.add(first, members)) break;
      cell.add(kind, index, first, members);
    }
  }
  return memberships;
}

/** The sender is the first node of the whole. */
function sortOutcome(
  { title, messages }: Sample,
  filters: readonly MeshFilter[],
  followers: readonly Followers[],
): SortOutcome {
  const others = Array.from({ length: filters.length - 1 }, (_, index) => index + 1);
  const inCell = (nodes: NodeSet): number => others.filter((node) => nodes.has(node)).length;
  const deliveries = ({ buckets }: Followers, of: (message: SampleMessage) => NodeSet): Deliveries => {
    const all = mean(messages, (message) => butSender(of(message)));
    const ownCell = mean(messages, (message) => inCell(of(message)));
    const wanted = mean(messages, ({ members }) => butSender(members) - inCell(members));
    return { buckets, all, ownCell, nobody: all - ownCell - wanted };
  };
  return {
    title,
    members: mean(messages, ({ members }) => members.size),
    cellMembers: mean(messages, ({ members }) => inCell(members)),
    meshFrames: mean(messages, (message) => others.filter((node) => filters[node].takes(message)).length),
    deliveries: followers.map((each) => deliveries(each, ({ hash }) => each.of(hash))),
  };
}

/** How many nodes a message goes to: a server sends nothing back. */
function butSender(nodes: NodeSet): number {
  return nodes.size - Number(nodes.has(0));
}

function mean<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0) / items.length;
}
