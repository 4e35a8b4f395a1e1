import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { StreamId } from '#src/backbone/message-header.js';
import { ReceivedNumbers } from '#src/backbone/received-numbers.js';

const STREAM = 7;

describe('numbers of what has come', () => {
  it('whatever is lost of messages that come in order, and whatever comes again: the sum is right', () => {
    const message = fc.record({
      count: fc.integer({ min: 1, max: 5 }),
      lost: fc.boolean(),
      again: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(message), fc.integer({ min: 0, max: 2 ** 32 - 1 }), (messages, start) => {
        const numbers = new ReceivedNumbers();
        numbers.begin(STREAM, start);
        let next = start;
        let [sent, came] = [0, 0];
        for (const { count, lost, again } of messages) {
          const times = lost ? 0 : again ? 2 : 1;
          for (let time = 0; time < times; time++) came += count - numbers.accept(STREAM, next, count);
          next = (next + count) >>> 0;
          sent += count;
        }
        numbers.mark(STREAM, next, start, true);
        assert.equal(came + numbers.lost, sent);
      }),
    );
  });

  it('of a message that has come in part already the rest is new', () => {
    const numbers = new ReceivedNumbers();
    numbers.begin(STREAM, 0xffff_fffe);
    assert.equal(numbers.accept(STREAM, 0xffff_fffe, 3), 0);
    assert.equal(numbers.accept(STREAM, 0xffff_ffff, 4), 2);
    assert.equal(numbers.accept(STREAM, 3, 1), 0);
    assert.deepEqual([numbers.lost, numbers.doubled], [0, 2]);
  });

  it('a stream that was followed before its first frame has lost what came before that, as its mark says', () => {
    const numbers = new ReceivedNumbers();
    assert.equal(numbers.accept(STREAM, 12, 1), 0);
    numbers.mark(STREAM, 13, 10, true);
    assert.equal(numbers.lost, 2);
    numbers.mark(STREAM, 13, 10, true);
    assert.equal(numbers.lost, 2, 'it is counted once');
  });

  it('of one that nothing came of, all is lost that its mark speaks of', () => {
    const numbers = new ReceivedNumbers();
    numbers.mark(STREAM, 13, 10, true);
    assert.equal(numbers.lost, 3);
    assert.equal(numbers.accept(STREAM, 13, 1), 0);
    assert.equal(numbers.lost, 3);
  });

  it('of one that is followed since a short time only, nobody knows', () => {
    const numbers = new ReceivedNumbers();
    numbers.mark(STREAM, 13, 10, false);
    assert.equal(numbers.accept(STREAM, 15, 1), 0);
    assert.equal(numbers.lost, 2);
    numbers.forget(STREAM);
    assert.equal(numbers.accept(STREAM, 100, 1), 0);
    assert.equal(numbers.lost, 2);
  });

  it('of a bucket that is not used any more nothing is kept, and what is lost is counted when it is used again', () => {
    const numbers = new ReceivedNumbers();
    numbers.begin(STREAM, 0);
    assert.equal(numbers.accept(STREAM, 0, 10), 0);
    numbers.mark(STREAM, 10, 0, true);
    numbers.age();
    assert.equal(numbers.accept(STREAM, 0, 10), 10, 'what comes again soon is known');
    numbers.age();
    assert.equal(numbers.isNew(STREAM), true);
    assert.equal(numbers.accept(STREAM, 12, 1), 0);
    numbers.mark(STREAM, 13, 10, true);
    assert.deepEqual([numbers.lost, numbers.doubled], [2, 10]);
  });

  it('of one that is used, and of a stream for nodes, it is known for ever how far it is', () => {
    const numbers = new ReceivedNumbers();
    for (const stream of [STREAM, StreamId.EVERY_NODE]) {
      numbers.begin(stream, 0);
      assert.equal(numbers.accept(stream, 0, 1), 0);
    }
    numbers.mark(StreamId.EVERY_NODE, 1, 0, true);
    for (let time = 0; time < 3; time++) numbers.age();
    for (const stream of [STREAM, StreamId.EVERY_NODE]) assert.equal(numbers.has(stream, 0), true);
    numbers.mark(STREAM, 1, 0, true);
    assert.equal(numbers.accept(STREAM, 1, 1), 0);
    for (let time = 0; time < 3; time++) numbers.age();
    assert.equal(numbers.has(STREAM, 1), true, 'it is used again since its mark');
  });
});
