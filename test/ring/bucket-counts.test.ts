import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addValues, bucketsLength, countValue } from '#src/ring/bucket-counts.js';

describe('counts by bucket', () => {
  const bounds = [1, 2.5, 10];
  const counted = (...values: readonly number[]): Float64Array => {
    const counts = new Float64Array(bucketsLength(bounds));
    for (const value of values) countValue(counts, bounds, value);
    return counts;
  };

  it('have a value in the first bucket that takes it, and the sum of all', () => {
    assert.deepEqual([...counted(-1, 0, 1, 1.5, 2.5, 10, 10.5, 1e9)], [3, 2, 1, 2, 1e9 + 24.5]);
  });

  it('add up', () => {
    const sum = counted(1, 20);
    addValues(sum, counted(2, 30));
    assert.deepEqual([...sum], [...counted(1, 20, 2, 30)]);
  });
});
