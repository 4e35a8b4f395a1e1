import { mixed } from '../wire/name-hash.js';

/*
 * Rendezvous hashing: every worker draws a number for a key, and the highest has it. All who know the same workers agree,
 * without a word between them, and when a worker comes or goes only the keys move that it gets or had.
 */

/** Who draws numbers. */
export interface Drawer {
  readonly name: string;
  /** Its name's {@link hashOf}. */
  readonly hash: number;
}

/** A text as a number of 32 bits: FNV-1a over its UTF-16 code units, mixed. */
export function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x0100_0193);
  }
  return mixed(hash);
}

/** Who has the key; undefined when there is nobody. Equal numbers go by name. */
export function highest<T extends Drawer>(key: string, drawers: Iterable<T>): T | undefined {
  const hash = hashOf(key);
  let best: T | undefined;
  let most = -1;
  for (const drawer of drawers) {
    const drawn = mixed(hash ^ Math.imul(drawer.hash, 0x9e37_79b1));
    if (best !== undefined && (drawn < most || (drawn === most && drawer.name > best.name))) continue;
    best = drawer;
    most = drawn;
  }
  return best;
}
