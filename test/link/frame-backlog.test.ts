import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { FrameBacklog } from '#src/link/frame-backlog.js';
import { usedMemory } from '../support/memory.js';
import { payload } from '../support/ring-frames.js';

const SEED = Number(process.env['GW_SEED'] ?? 20261128);

describe('FrameBacklog', () => {
  it(`gives back what it was given, in order, whatever the lengths (seed ${SEED})`, () => {
    const step = fc.record({
      do: fc.constantFrom('add', 'shift'),
      length: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 100_000 })),
      times: fc.integer({ min: 1, max: 8 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const backlog = new FrameBacklog();
        const model: Buffer[] = [];
        let next = 0;
        for (const { do: action, length, times } of steps) {
          for (let n = 0; n < times; n++) {
            if (action === 'add') {
              const bytes = payload(next++, length);
              backlog.add(length).set(bytes);
              model.push(bytes);
            } else {
              assert.deepEqual(backlog.peek(), model.shift());
              backlog.shift();
            }
            assert.equal(backlog.length, model.length);
            assert.equal(
              backlog.bytes,
              model.reduce((total, bytes) => total + bytes.length, 0),
            );
            assert.equal(backlog.peek()?.length, model[0]?.length);
          }
        }
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  it('takes little more for many short frames than their bytes', () => {
    const backlog = new FrameBacklog();
    const memory = usedMemory();
    for (let n = 0; n < 200_000; n++) backlog.add(30).fill(n);
    const held = usedMemory() - memory;
    assert.ok(held < 2 * backlog.bytes, `${held} bytes are held by ${backlog.bytes} bytes of frames`);
    for (let n = 0; n < 200_000; n++) backlog.shift();
    const left = usedMemory() - memory;
    assert.ok(left < 500_000, `${left} bytes are held by an empty backlog`);
    assert.equal(backlog.peek(), undefined);
  });

  it('leaves a frame as it was to whoever still holds it', () => {
    const backlog = new FrameBacklog();
    backlog.add(3).set([1, 2, 3]);
    const first = backlog.peek();
    backlog.shift();
    for (let n = 0; n < 100_000; n++) {
      backlog.add(3).fill(9);
      backlog.shift();
    }
    assert.deepEqual(first, Buffer.from([1, 2, 3]));
  });
});
