import { NodeSet } from './node-set.js';

/** Which nodes follow the buckets of some names, if there are so many buckets. */
export class Followers {
  readonly buckets: number;
  readonly #byBucket = new Map<number, NodeSet>();
  /** Whether a bucket is one of them, as bits: asked of every name. */
  readonly #wanted: Uint8Array;

  /** @param buckets a power of two. @param hashes of the names */
  constructor(buckets: number, hashes: Iterable<number>, nodes: number) {
    this.buckets = buckets;
    this.#wanted = new Uint8Array(Math.ceil(buckets / 8));
    for (const hash of hashes) {
      const bucket = hash & (buckets - 1);
      this.#wanted[bucket >>> 3] |= 1 << (bucket & 7);
      this.#byBucket.set(bucket, new NodeSet(nodes));
    }
  }

  /** These nodes have clients of a name. @returns false when it shares no bucket with any of those that are asked about */
  add(hash: number, members: NodeSet): boolean {
    const bucket = hash & (this.buckets - 1);
    if ((this.#wanted[bucket >>> 3] & (1 << (bucket & 7))) === 0) return false;
    this.of(hash).addAll(members);
    return true;
  }

  /** Who follows the bucket of one of the names. */
  of(hash: number): NodeSet {
    return this.#byBucket.get(hash & (this.buckets - 1)) as NodeSet;
  }
}
