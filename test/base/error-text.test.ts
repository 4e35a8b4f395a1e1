import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageOf, sentence, stackOf } from '#src/base/error-text.js';

function refused(address: string): Error {
  return Object.assign(new Error(`connect ECONNREFUSED ${address}`), { code: 'ECONNREFUSED' });
}

describe('the text of an error', () => {
  it('says why, and why that', () => {
    const deep = new Error('no route', { cause: 'the cable' });
    assert.equal(
      messageOf(new TypeError('fetch failed', { cause: deep })),
      'fetch failed: no route: the cable',
    );
  });

  it('ends with one full stop as a sentence, and with its own mark where it has one', () => {
    const texts = ['it failed', 'it failed.', 'why?', 'no!', '失败。', ''];
    assert.deepEqual(texts.map(sentence), ['it failed.', 'it failed.', 'why?', 'no!', '失败。', '.']);
  });

  it('names the parts of an AggregateError, as node leaves them for a host with several addresses', () => {
    const cause = Object.assign(new AggregateError([refused('::1:80'), refused('127.0.0.1:80')], ''), {
      code: 'ECONNREFUSED',
    });
    const error = new TypeError('fetch failed', { cause });
    const parts = 'connect ECONNREFUSED ::1:80; connect ECONNREFUSED 127.0.0.1:80';
    assert.equal(messageOf(error), `fetch failed: ECONNREFUSED (${parts})`);
    assert.match(stackOf(error), /connect ECONNREFUSED ::1:80\n.*connect ECONNREFUSED 127\.0\.0\.1:80/);
  });

  it('does not repeat a cause that the message has already', () => {
    const cause = new Error('no such file');
    assert.equal(
      messageOf(new Error('cannot read a.pem: no such file', { cause })),
      'cannot read a.pem: no such file',
    );
  });

  it('ends with causes in a circle, and with a long chain', () => {
    const circular = new Error('round');
    circular.cause = new Error('and', { cause: circular });
    assert.equal(messageOf(circular), 'round: and');
    let long = new Error('0');
    for (let n = 1; n < 10_000; n++) long = new Error(`${n};`, { cause: long });
    assert.ok(messageOf(long).length < 200);
  });

  it('has words for whatever else was thrown', () => {
    for (const [thrown, text] of [
      ['a word', 'a word'],
      [undefined, 'undefined'],
      [{ code: 7 }, '{ code: 7 }'],
      [Object.create(null), '[Object: null prototype] {}'],
      [new RangeError(), 'RangeError'],
      [Symbol('odd'), 'Symbol(odd)'],
    ]) {
      assert.equal(messageOf(thrown), text);
      assert.ok(stackOf(thrown).startsWith(text as string));
    }
  });

  it('shows where each came from, without lines of node itself', () => {
    const error = new Error('outer', { cause: new Error('inner') });
    const stack = stackOf(error);
    assert.match(stack, /^Error: outer\n +at .*error-text\.test/);
    assert.match(stack, /\ncaused by: Error: inner\n +at .*error-text\.test/);
    assert.doesNotMatch(stack, /node:/);
  });
});
