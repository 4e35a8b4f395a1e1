/*
 * Inflates (RFC 1951) as it is written there, a bit at a time, apart from zlib: to see how far back a stream looks, which zlib
 * does not tell.
 */

/** For each symbol from 257 on: bits that follow it, and the shortest length. */
const LENGTHS = codes(
  [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5],
  3,
);
/** The same for each symbol of a distance. */
const DISTANCES = codes(
  Array.from({ length: 30 }, (_, symbol) => Math.max(0, (symbol >> 1) - 1)),
  1,
);
/** In this order the lengths of the lengths' codes come. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Up to the end of `bytes`: what they stand for, and the longest distance back in it. */
export function inflateByHand(bytes: Buffer): { output: Buffer; farthest: number } {
  const output: number[] = [];
  let farthest = 0;
  let position = 0;
  const bits = (count: number): number => {
    let value = 0;
    for (let bit = 0; bit < count; bit++, position++)
      value |= ((bytes[position >> 3] >> (position & 7)) & 1) << bit;
    return value;
  };
  const symbol = (table: ReadonlyMap<number, number>): number => {
    // with a one before it, so that codes of different lengths differ
    for (let code = 1, length = 0; length <= 15; length++) {
      const found = table.get(code);
      if (found !== undefined) return found;
      code = (code << 1) | bits(1);
    }
    throw new Error('no such code');
  };
  const tables = (): [Map<number, number>, Map<number, number>] => {
    const [literals, distances, count] = [bits(5) + 257, bits(5) + 1, bits(4) + 4];
    const own = Array.from({ length: 19 }, () => 0);
    for (const place of ORDER.slice(0, count)) own[place] = bits(3);
    const table = huffman(own);
    const lengths: number[] = [];
    while (lengths.length < literals + distances) {
      const found = symbol(table);
      if (found < 16) lengths.push(found);
      else if (found === 16) repeat(lengths, lengths.at(-1) ?? 0, bits(2) + 3);
      else repeat(lengths, 0, found === 17 ? bits(3) + 3 : bits(7) + 11);
    }
    return [huffman(lengths.slice(0, literals)), huffman(lengths.slice(literals))];
  };
  // at the end there may be the beginning of a block, up to the next whole byte
  while (bytes.length * 8 - position > 10) {
    bits(1);
    const kind = bits(2);
    if (kind === 0) {
      position = Math.ceil(position / 8) * 8;
      const length = bits(16);
      bits(16);
      for (let count = 0; count < length; count++) output.push(bits(8));
      continue;
    }
    const [literals, distances] = kind === 1 ? FIXED : tables();
    for (let found = symbol(literals); found !== 256; found = symbol(literals)) {
      if (found < 256) {
        output.push(found);
        continue;
      }
      const length = found === 285 ? 258 : LENGTHS[found - 257].least + bits(LENGTHS[found - 257].extra);
      const code = DISTANCES[symbol(distances)];
      const distance = code.least + bits(code.extra);
      farthest = Math.max(farthest, distance);
      for (let count = 0; count < length; count++) output.push(output[output.length - distance]);
    }
  }
  return { output: Buffer.from(output), farthest };
}

function codes(extras: readonly number[], first: number): { extra: number; least: number }[] {
  let least = first;
  return extras.map((extra) => {
    const code = { extra, least };
    least += 1 << extra;
    return code;
  });
}

/** Codes by which symbols are found, each with a one before it. */
function huffman(lengths: readonly number[]): Map<number, number> {
  const table = new Map<number, number>();
  let code = 0;
  for (let length = 1; length <= 15; length++) {
    for (const [symbol, own] of lengths.entries())
      if (own === length) table.set((1 << length) | code++, symbol);
    code <<= 1;
  }
  return table;
}

const FIXED: [Map<number, number>, Map<number, number>] = [
  huffman(
    Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)),
  ),
  huffman(Array.from({ length: 30 }, () => 5)),
];

function repeat(list: number[], value: number, count: number): void {
  for (let times = 0; times < count; times++) list.push(value);
}
