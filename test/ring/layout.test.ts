import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CLOSED,
  HEAD,
  RECORD_HEADER_LENGTH,
  RING_HEADER_LENGTH,
  STARVED,
  TAIL,
  createRing,
  recordLength,
  ringViews,
} from '#src/ring/layout.js';

describe('ring layout', () => {
  it('rounds a capacity up to a power of two, from 1 KiB on', () => {
    const wanted = [1, 1023, 1024, 1025, 65_535, 65_536, 65_537];
    assert.deepEqual(
      wanted.map((bytes) => ringViews(createRing(bytes)).capacity),
      [1024, 1024, 1024, 2048, 65_536, 65_536, 131_072],
    );
  });

  it('refuses a capacity that cannot be', () => {
    for (const bytes of [0, -1, Number.NaN, 2 ** 30 + 1, Infinity]) {
      assert.throws(() => createRing(bytes), { code: 'GW_CONFIG' }, String(bytes));
    }
  });

  it('keeps each counter on a cache line of its own, before the records', () => {
    const lines = [TAIL, HEAD, STARVED, CLOSED].map((index) => (index * 4) / 64);
    assert.deepEqual(lines, [0, 1, 2, 3]);
    const { data, words, capacity } = ringViews(createRing(4096));
    assert.equal(data.byteOffset, RING_HEADER_LENGTH);
    assert.equal(words.byteOffset, RING_HEADER_LENGTH);
    assert.equal(data.length, capacity);
    assert.equal(words.length * 4, capacity);
  });

  it('gives a record its header and a length that the next header can stand after', () => {
    assert.deepEqual([0, 1, 8, 9, 16].map(recordLength), [8, 16, 16, 24, 24]);
    for (let length = 0; length < 64; length++) {
      assert.equal(recordLength(length) % 8, 0);
      assert.ok(recordLength(length) - length - RECORD_HEADER_LENGTH < 8);
      assert.ok(recordLength(length) >= length + RECORD_HEADER_LENGTH);
    }
  });
});
