/** Some of the nodes, as bits. */
export class NodeSet {
  readonly #words: Uint32Array;

  constructor(nodes: number) {
    this.#words = new Uint32Array(Math.ceil(nodes / 32));
  }

  clear(): void {
    this.#words.fill(0);
  }

  add(node: number): void {
    this.#words[node >>> 5] |= 1 << (node & 31);
  }

  addAll(others: NodeSet): void {
    const words = others.#words;
    for (let index = 0; index < words.length; index++) this.#words[index] |= words[index];
  }

  has(node: number): boolean {
    return (this.#words[node >>> 5] & (1 << (node & 31))) !== 0;
  }

  get size(): number {
    return this.#words.reduce((total, word) => total + ones(word), 0);
  }
}

/** How many bits of a word are set. */
export function ones(word: number): number {
  let bits = word - ((word >>> 1) & 0x5555_5555);
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
