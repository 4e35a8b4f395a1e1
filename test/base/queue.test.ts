import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { Queue } from '#src/base/queue.js';
import { usedMemory } from '../support/memory.js';

const SEED = Number(process.env['GW_SEED'] ?? 20261122);

describe('Queue', () => {
  it('gives back what it was given, in order, and undefined when it is empty', () => {
    const queue = new Queue<string>();
    assert.deepEqual([queue.length, queue.peek(), queue.shift()], [0, undefined, undefined]);
    queue.push('a');
    queue.push('b');
    assert.deepEqual([queue.length, queue.peek(), queue.peek()], [2, 'a', 'a']);
    assert.deepEqual([queue.shift(), queue.length, queue.shift(), queue.length], ['a', 1, 'b', 0]);
    assert.equal(queue.shift(), undefined);
    queue.push('c');
    queue.clear();
    assert.deepEqual([queue.length, queue.shift()], [0, undefined]);
    queue.push('d');
    assert.equal(queue.shift(), 'd');
  });

  it(`does what an array does (seed ${SEED})`, () => {
    // long runs of one kind, so that the queue grows and is cut
    const step = fc.record({
      do: fc.constantFrom('push', 'shift', 'clear'),
      times: fc.integer({ min: 1, max: 80 }),
    });
    const steps = fc.array(step, { maxLength: 60 });
    fc.assert(
      fc.property(steps, (actions) => {
        const queue = new Queue<number>();
        let model: number[] = [];
        let next = 0;
        for (const { do: action, times } of actions) {
          if (action === 'clear' && times > 20) continue;
          for (let n = 0; n < (action === 'clear' ? 1 : times); n++) {
            if (action === 'push') {
              queue.push(next);
              model.push(next++);
            } else if (action === 'shift') {
              assert.equal(queue.shift(), model.shift());
            } else {
              queue.clear();
              model = [];
            }
            assert.equal(queue.length, model.length);
            assert.equal(queue.peek(), model[0]);
          }
        }
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it('keeps nothing of what has left it', () => {
    const queue = new Queue<Uint8Array>();
    const memory = usedMemory();
    for (let n = 0; n < 100; n++) queue.push(new Uint8Array(100_000));
    // fewer than half: the array behind it is not cut yet
    for (let n = 0; n < 32; n++) queue.shift();
    const held = usedMemory() - memory;
    // all 100 if it kept them; the collector's own part varies
    assert.ok(held < 80 * 100_000, `${held} bytes are held by 68 items of 100,000`);
    assert.equal(queue.length, 68);
  });

  it('does not grow when as much leaves as comes', () => {
    const queue = new Queue<number>();
    for (let n = 0; n < 1000; n++) queue.push(n);
    const memory = usedMemory();
    for (let n = 1000; n < 1_000_000; n++) {
      queue.push(n);
      assert.equal(queue.shift(), n - 1000);
    }
    const growth = usedMemory() - memory;
    assert.ok(growth < 500_000, `${growth} bytes more for a queue of 1,000 numbers`);
  });
});
