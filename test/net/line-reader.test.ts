import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LineReader } from '#src/net/line-reader.js';

const lineReader = (limit: number) => new LineReader({ limit, source: 'a wire', code: 'GW_REGISTER_LINE' });

describe('a line reader', () => {
  it('finds the same lines however the bytes are cut', () => {
    const bytes = Buffer.from('one\n\n用户\r\nlast');
    const expected = ['one', '', '用户\r'];
    for (let size = 1; size <= bytes.length; size++) {
      const reader = lineReader(100);
      const lines: string[] = [];
      for (let start = 0; start < bytes.length; start += size) {
        lines.push(...reader.push(bytes.subarray(start, start + size)));
      }
      assert.deepEqual(lines, expected, `in pieces of ${size}`);
      assert.deepEqual(reader.push(Buffer.from('\n')), ['last']);
    }
  });

  it('takes a line of the limit and refuses one above it, ended or not', () => {
    assert.deepEqual(lineReader(4).push(Buffer.from('1234\n')), ['1234']);
    assert.throws(() => lineReader(4).push(Buffer.from('12345\n')), { code: 'GW_REGISTER_LINE' });
    const reader = lineReader(4);
    reader.push(Buffer.from('1234'));
    assert.throws(
      () => reader.push(Buffer.from('5')),
      /^GatewayError: A line on a wire is longer than 4 bytes/,
    );
  });
});
