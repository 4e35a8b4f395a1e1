import { LEAST_BITS, MOST_BITS, PROBES, SET, probe } from '../wire/interest.js';
import { NameHash, type NameKind } from '../wire/name-hash.js';

/** With so many bits for each name, one of 500 others seems to be there. */
const BITS_A_NAME = 16;
/** A count that has come so far is not known any more, and stays. */
const MOST = 255;

/** Which names there are, in a bitmap that others can have (wire/interest.ts), with counts beside it, so that names can go. */
export class NameFilter {
  readonly bitmap: Buffer;
  readonly #counts: Uint8Array;
  readonly #mask: number;
  readonly #hash = new NameHash();

  /** @param names for how many it is large enough */
  constructor(names: number) {
    let bits = LEAST_BITS;
    while (bits < MOST_BITS && bits < names * BITS_A_NAME) bits *= 2;
    this.#mask = bits - 1;
    this.#counts = new Uint8Array(bits);
    this.bitmap = Buffer.alloc(bits / 8);
  }

  /** How many names it is large enough for: with more, it errs more often. */
  get room(): number {
    return this.#counts.length === MOST_BITS ? Infinity : this.#counts.length / BITS_A_NAME;
  }

  /** @param changes what changes in the bitmap is added to it */
  add(kind: NameKind, name: string, changes?: number[]): void {
    const { first, second } = this.#hash.of(kind, name);
    for (let n = 0; n < PROBES; n++) {
      const bit = probe(first, second, n, this.#mask);
      const count = this.#counts[bit];
      if (count < MOST) this.#counts[bit] = count + 1;
      if (count > 0) continue;
      this.bitmap[bit >>> 3] |= 1 << (bit & 7);
      changes?.push(bit | SET);
    }
  }

  /** A name that was added is no more. */
  remove(kind: NameKind, name: string, changes?: number[]): void {
    const { first, second } = this.#hash.of(kind, name);
    for (let n = 0; n < PROBES; n++) {
      const bit = probe(first, second, n, this.#mask);
      const count = this.#counts[bit];
      if (count < MOST) this.#counts[bit] = count - 1;
      if (count > 1) continue;
      this.bitmap[bit >>> 3] &= ~(1 << (bit & 7));
      changes?.push(bit);
    }
  }
}
