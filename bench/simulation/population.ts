import type { NameKind } from '#src/wire/name-hash.js';
import type { NodeSet } from './node-set.js';
import { Random } from './random.js';

export interface Whole {
  readonly nodes: number;
  readonly cells: number;
  readonly clients: number;
  readonly seed: number;
}

/** How many groups each client is in. */
const GROUPS_A_CLIENT = 3;
/** How many clients there are for each group. */
const CLIENTS_A_GROUP = 10;
/** The share of uids with n clients falls with this power of n: four of five have one, one of a hundred has five or more. */
const UID_POWER = 3;
const MOST_CLIENTS_A_UID = 1000;
const LEAST_MEMBERS = 2;

const SEEDS: Readonly<Record<NameKind, number>> = { uid: 1, group: 2 };

/**
 * Who is where. Uids have few clients each, by Zipf's law; the size of a group is that of the largest one divided by its
 * rank. Each client is at any of the nodes. Nothing is kept: where a name's clients are follows from the seed.
 */
export class Population {
  readonly whole: Whole;
  readonly uids: number;
  readonly groups: number;
  /** The largest group's members. */
  readonly #largest: number;
  readonly #random = new Random();
  /** The share of uids that have so many clients or fewer, by that number less one. */
  readonly #uidShares: Float64Array;

  constructor(whole: Whole) {
    this.whole = whole;
    this.groups = Math.max(1, Math.floor(whole.clients / CLIENTS_A_GROUP));
    let ranks = 0;
    for (let rank = 1; rank <= this.groups; rank++) ranks += 1 / rank;
    this.#largest = (whole.clients * GROUPS_A_CLIENT) / ranks;
    this.#uidShares = shares(MOST_CLIENTS_A_UID, UID_POWER);
    // the mean size of a uid
    const mean = this.#uidShares.reduce((sum, share) => sum + 1 - share, 1);
    this.uids = Math.max(1, Math.floor(whole.clients / mean));
  }

  count(kind: NameKind): number {
    return kind === 'uid' ? this.uids : this.groups;
  }

  name(kind: NameKind, index: number): string {
    return kind === 'uid' ? `user-${index}` : `room-${index}`;
  }

  /** Puts the nodes where a name has clients into `nodes`. @returns how many clients it has */
  place(kind: NameKind, index: number, nodes: NodeSet): number {
    this.#random.begin(this.whole.seed + SEEDS[kind], index);
    const size = kind === 'uid' ? this.#clientsOfUid() : this.#members(index);
    for (let count = 0; count < size; count++) nodes.add(this.#random.below(this.whole.nodes));
    return size;
  }

  /** One of the groups of some client: the likelier the larger it is. @param share from 0 to 1 */
  groupOfSome(share: number): number {
    return Math.min(this.groups, Math.floor((this.groups + 1) ** share)) - 1;
  }

  #members(index: number): number {
    return Math.min(this.whole.clients, Math.max(LEAST_MEMBERS, Math.round(this.#largest / (index + 1))));
  }

  #clientsOfUid(): number {
    const share = this.#random.next();
    let size = 1;
    while (this.#uidShares[size - 1] < share) size++;
    return size;
  }
}

/** Of sizes from 1 on that are the rarer the larger they are: how many are of this size or less. */
function shares(most: number, power: number): Float64Array {
  const sums = new Float64Array(most);
  let sum = 0;
  for (let size = 1; size <= most; size++) {
    sum += size ** -power;
    sums[size - 1] = sum;
  }
  return sums.map((value) => value / sum);
}
