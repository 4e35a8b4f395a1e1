import { NameHash, type NameKind } from '#src/wire/name-hash.js';
import { NodeSet } from './node-set.js';
import type { Population } from './population.js';
import { Random } from './random.js';

/** Names that messages are sent to, of one sort. */
export interface Sample {
  readonly title: string;
  readonly messages: readonly SampleMessage[];
}

export interface SampleMessage {
  readonly kind: NameKind;
  readonly name: string;
  readonly hash: number;
  /** The nodes where it has clients. */
  readonly members: NodeSet;
}

/** Messages to the uids and groups of a population. */
export function samples(population: Population, count: number): Sample[] {
  const random = new Random();
  random.begin(population.whole.seed, 0);
  const hash = new NameHash();
  const sample = (title: string, kind: NameKind, next: () => number): Sample => ({
    title,
    messages: Array.from({ length: count }, () => {
      const index = next();
      const name = population.name(kind, index);
      const members = new NodeSet(population.whole.nodes);
      population.place(kind, index, members);
      return { kind, name, hash: hash.of(kind, name).first, members };
    }),
  });
  return [
    sample('a uid', 'uid', () => random.below(population.uids)),
    sample('a group, any', 'group', () => random.below(population.groups)),
    sample("a group, some client's", 'group', () => population.groupOfSome(random.next())),
  ];
}
