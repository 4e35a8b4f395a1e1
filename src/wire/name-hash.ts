/*
 * A uid or group as two numbers of 32 bits, by which nodes speak of names without saying them. Both ends of a link have to
 * come to the same ones: what is here is part of the feature interest/1 (worker-connect.ts), and changes with it only.
 *
 *   first, second = a seed for the kind; for each UTF-16 code unit: (number ^ unit) * a prime; then mixed, the second with
 *   the first in it
 */

/** What clients are found by. */
export type NameKind = 'uid' | 'group';

const SEEDS: Readonly<Record<NameKind, readonly [first: number, second: number]>> = {
  uid: [0x811c_9dc5, 0x9747_b28c],
  group: [0x2c9b_1f53, 0x5bd1_e995],
};
const FIRST_PRIME = 0x0100_0193;
const SECOND_PRIME = 0x9e37_79b1;

/** A name's numbers, both as signed ints of 32 bits. The object is filled again and again. */
export class NameHash {
  first = 0;
  second = 0;

  of(kind: NameKind, name: string): this {
    let [first, second] = SEEDS[kind];
    for (let index = 0; index < name.length; index++) {
      const unit = name.charCodeAt(index);
      first = Math.imul(first ^ unit, FIRST_PRIME);
      second = Math.imul(second ^ unit, SECOND_PRIME);
    }
    return this.#take(first, second);
  }

  /** The same of a name in UTF-8: one that is ASCII is not made a string for that. */
  ofBytes(kind: NameKind, bytes: Buffer, start = 0, end = bytes.length): this {
    let [first, second] = SEEDS[kind];
    for (let index = start; index < end; index++) {
      const byte = bytes[index];
      if (byte > 0x7f) return this.of(kind, bytes.toString('utf8', start, end));
      first = Math.imul(first ^ byte, FIRST_PRIME);
      second = Math.imul(second ^ byte, SECOND_PRIME);
    }
    return this.#take(first, second);
  }

  #take(first: number, second: number): this {
    this.first = mixed(first) | 0;
    this.second = mixed(second ^ this.first) | 0;
    return this;
  }
}

/** Each bit of the input changes each of the result as often as not (the finalizer of MurmurHash3). @returns 32 bits, unsigned */
export function mixed(value: number): number {
  let bits = value ^ (value >>> 16);
  bits = Math.imul(bits, 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
