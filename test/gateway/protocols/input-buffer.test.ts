import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { InputBuffer } from '#src/gateway/protocols/input-buffer.js';

describe('InputBuffer', () => {
  it('gives back what was appended, however it is cut and taken', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.nat(300))), (steps) => {
        const buffer = new InputBuffer();
        const taken: Buffer[] = [];
        for (const [chunk, length] of steps) {
          buffer.append(Buffer.from(chunk));
          if (length <= buffer.length) taken.push(buffer.take(length));
        }
        taken.push(buffer.view());
        // compared at the end: what was handed out stays as it was
        assert.deepEqual(Buffer.concat(taken), Buffer.concat(steps.map(([chunk]) => chunk)));
      }),
    );
  });

  it('finds a byte as an ordinary buffer does', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ max: 3, maxLength: 5 })), (chunks) => {
        const buffer = new InputBuffer();
        for (const chunk of chunks) {
          buffer.append(Buffer.from(chunk));
          const expected = buffer.view().indexOf(0);
          assert.equal(buffer.indexOf(0), expected);
          assert.equal(buffer.indexOf(0), expected, 'asked again');
          if (expected !== -1) assert.equal(buffer.take(expected + 1).at(-1), 0);
        }
      }),
    );
  });

  it('takes a long line byte by byte in no more than linear time', { timeout: 5_000 }, () => {
    const buffer = new InputBuffer();
    const byte = Buffer.from('x');
    for (let length = 1; length <= 1_000_000; length++) {
      buffer.append(byte);
      assert.equal(buffer.indexOf(0x0a), -1);
    }
    buffer.append(Buffer.from('\n'));
    assert.equal(buffer.indexOf(0x0a), 1_000_000);
  });

  it('views a chunk that holds whole packages, without a copy', () => {
    const chunk = Buffer.from('one,two,');
    const buffer = new InputBuffer();
    buffer.append(chunk);
    assert.equal(buffer.take(4).buffer, chunk.buffer);
    assert.equal(buffer.take(4).buffer, chunk.buffer);
    assert.equal(buffer.length, 0);
  });
});
