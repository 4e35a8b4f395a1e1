import { ones } from './node-set.js';

/** Which subjects a node or a cell subscribes to, for the largest number of buckets and for all smaller ones. */
export class SubjectCount {
  readonly #words: Uint32Array;

  /** @param buckets at most: a power of two */
  constructor(buckets: number) {
    this.#words = new Uint32Array(buckets / 32);
  }

  /** There are clients of a name with this hash. */
  add(hash: number): void {
    const bucket = hash & (this.#words.length * 32 - 1);
    this.#words[bucket >>> 5] |= 1 << (bucket & 31);
  }

  /** How many there are if there are so many buckets. */
  of(buckets: number): number {
    const words = buckets / 32;
    let subjects = 0;
    for (let index = 0; index < words; index++) {
      let word = 0;
      for (let at = index; at < this.#words.length; at += words) word |= this.#words[at];
      subjects += ones(word);
    }
    return subjects;
  }
}
