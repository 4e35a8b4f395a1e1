import { SeededRandom } from '../../support/random.js';

/*
 * Messages of any length to compress, the same in each run.
 */

const WORDS = 'the gateway holds connections, workers handle what clients send. 网关 保持 长连接'.split(' ');

/** Rows as an API has them. */
function json(length: number): Buffer {
  const random = new SeededRandom(1);
  const row = (): string =>
    JSON.stringify({
      id: random.below(1_000_000),
      user: `user ${random.below(5_000)}`,
      x: random.below(100_000) / 100,
      state: random.pick(['idle', 'walks', 'runs']),
      text: random.below(2 ** 31).toString(36),
    });
  return cut(() => `${row()},`, length);
}

/** Words in two languages. */
function text(length: number): Buffer {
  const random = new SeededRandom(2);
  return cut(() => `${random.pick(WORDS)} `, length);
}

/** What cannot be compressed. */
function anyBytes(length: number): Buffer {
  const numbers = new SeededRandom(3);
  return Buffer.from(Array.from({ length }, () => numbers.below(256)));
}

/** Pieces that repeat near and far. */
function far(length: number): Buffer {
  const numbers = new SeededRandom(4);
  const pieces = Array.from({ length: 1_500 }, () =>
    numbers
      .below(2 ** 31)
      .toString(36)
      .padEnd(24, '-'),
  );
  return cut(() => numbers.pick(pieces), length);
}

/** Whole characters only: where one does not fit at the end, spaces do. */
function cut(piece: () => string, length: number): Buffer {
  let whole = '';
  while (whole.length < length) whole += piece();
  const bytes = Buffer.alloc(length, ' ');
  bytes.write(whole);
  return bytes;
}

export const corpus = { json, text, anyBytes, far };
