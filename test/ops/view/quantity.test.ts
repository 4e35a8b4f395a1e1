import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  formatAge,
  formatBytes,
  formatBytesBriefly,
  formatCount,
  formatDuration,
  formatWhole,
} from '#src/ops/view/quantity.js';

describe('quantities for people', () => {
  it('writes sizes in three digits', () => {
    assert.deepEqual(
      [0, 999, 1000, 1234, 12_345, 123_456, 999_499, 999_500, 84_100_000, 5e15, 5e18].map(formatBytes),
      [
        '0 B',
        '999 B',
        '1.00 kB',
        '1.23 kB',
        '12.3 kB',
        '123 kB',
        '999 kB',
        '1.00 MB',
        '84.1 MB',
        '5.00 PB',
        '5000 PB',
      ],
    );
  });

  it('rounds up to the next digit without adding one', () => {
    assert.deepEqual([9.996e3, 99.96e3, 9.994e3].map(formatBytes), ['10.0 kB', '100 kB', '9.99 kB']);
  });

  it('writes them in fewer digits, but never less than the whole part', () => {
    assert.deepEqual([999, 1234, 9960, 12_345, 123_456].map(formatBytesBriefly), [
      '999 B',
      '1.2 kB',
      '10 kB',
      '12 kB',
      '123 kB',
    ]);
  });

  it('writes counts wholly while they are short', () => {
    assert.deepEqual([0, 7450, 99_999, 100_000, 1_234_567].map(formatCount), [
      '0',
      '7450',
      '99999',
      '100 k',
      '1.23 M',
    ]);
    assert.equal(formatCount(12.6), '13');
    assert.equal(formatWhole(14_900), '14,900');
  });

  it('writes times in the two largest units', () => {
    assert.deepEqual([0, 0.9, 59.9, 60, 61, 3600, 3661, 86_399, 86_400, 90_000, 86_460].map(formatDuration), [
      '0 s',
      '0 s',
      '59 s',
      '1 min',
      '1 min 1 s',
      '1 h',
      '1 h 1 min',
      '23 h 59 min',
      '1 d',
      '1 d 1 h',
      '1 d',
    ]);
  });

  it('writes ages in one unit', () => {
    assert.deepEqual([0, 12.4, 999.4, 999.9, 1000, 9999, 65_000, 120_000, 3_600_000].map(formatAge), [
      '0 ms',
      '12 ms',
      '999 ms',
      '1.0 s',
      '1.0 s',
      '10 s',
      '65 s',
      '2 min',
      '60 min',
    ]);
  });
});
