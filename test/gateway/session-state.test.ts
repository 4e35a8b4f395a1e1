import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SessionState } from '#src/gateway/session-state.js';
import { serialize } from '#src/wire/php-serialize.js';
import { decodeSession } from '#src/wire/session.js';

/** A session that holds what JavaScript does not tell apart, or cannot hold: 2.0, an int beyond 2^53, bytes. */
const PHP = Buffer.from(
  'a:5:{s:5:"price";d:2;s:2:"id";i:1234567890123456789;s:3:"key";s:2:"\u00ff\u00fe";s:4:"tags";a:2:{i:0;s:1:"a";i:1;d:1;}i:7;s:5:"seven";}',
  'latin1',
);

function stateOf(session: string | Buffer): SessionState {
  const state = new SessionState();
  state.replace(Buffer.from(session));
  return state;
}

/** The bytes as text, in which a byte is a character. */
function text(bytes: Buffer): string {
  return bytes.toString('latin1');
}

describe('a session in a mixed cluster', () => {
  it('that PHP set is patched by a handler of ours: what it did not touch keeps PHP’s own bytes', () => {
    const state = stateOf(PHP);
    state.patch({ set: { 8: [], name: 'Ann', tags: ['b', 1.5] }, delete: ['price', '7', 'none'] }, 1);
    assert.equal(
      text(state.bytes),
      'a:5:{s:2:"id";i:1234567890123456789;s:3:"key";s:2:"\u00ff\u00fe";s:4:"tags";a:2:{i:0;s:1:"b";i:1;d:1.5;}i:8;a:0:{}s:4:"name";s:3:"Ann";}',
    );
    assert.equal(text(state.phpBytes), text(state.bytes));
  });

  it('that PHP set gets bytes back that a handler of ours has had in its hands', () => {
    const state = stateOf(PHP);
    const session = decodeSession(state.bytes);
    assert.deepEqual(session.key, Buffer.from([0xff, 0xfe]));
    // as a patch travels: as JSON
    const patch = JSON.parse(JSON.stringify({ set: { both: [session.key, 'x'] }, delete: [] }));
    state.patch(patch, 1);
    assert.ok(text(state.bytes).endsWith('s:4:"both";a:2:{i:0;s:2:"\u00ff\u00fe";i:1;s:1:"x";}}'));
  });

  it('that PHP set and PHP updates is merged as PHP does', () => {
    const state = stateOf(PHP);
    state.merge(serialize({ tags: new Map([[1, 'b']]), key: { deep: true } }));
    state.merge(serialize({ key: { deeper: null } }));
    assert.equal(
      text(state.bytes),
      'a:5:{s:5:"price";d:2;s:2:"id";i:1234567890123456789;s:3:"key";a:2:{s:4:"deep";b:1;s:6:"deeper";N;}s:4:"tags";a:2:{i:0;s:1:"a";i:1;s:1:"b";}i:7;s:5:"seven";}',
    );
  });

  it('that PHP set and ours update stays in PHP’s format', () => {
    const state = stateOf('a:1:{s:1:"n";a:1:{s:1:"x";d:1;}}');
    state.merge(Buffer.from('{"n":{"y":[1]},"z":"é"}'));
    assert.equal(
      state.bytes.toString(),
      'a:2:{s:1:"n";a:2:{s:1:"x";d:1;s:1:"y";a:1:{i:0;i:1;}}s:1:"z";s:2:"é";}',
    );
  });

  it('that ours set is PHP’s from the moment on that PHP updates it', () => {
    const state = stateOf('{"list":[1,2],"name":"Ann"}');
    assert.equal(state.phpBytes.toString(), 'a:2:{s:4:"list";a:2:{i:0;i:1;i:1;i:2;}s:4:"name";s:3:"Ann";}');
    assert.equal(state.bytes.toString(), '{"list":[1,2],"name":"Ann"}');
    state.merge(serialize({ list: new Map([[1, 'two']]) }));
    assert.equal(
      state.bytes.toString(),
      'a:2:{s:4:"list";a:2:{i:0;i:1;i:1;s:3:"two";}s:4:"name";s:3:"Ann";}',
    );
    assert.deepEqual(decodeSession(state.bytes), { list: [1, 'two'], name: 'Ann' });
  });

  it('that is empty takes the format of who fills it, to the byte', () => {
    const php = new SessionState();
    php.merge(Buffer.from('a:1:{s:1:"x";d:1;}'));
    assert.equal(php.bytes.toString(), 'a:1:{s:1:"x";d:1;}');
    const ours = new SessionState();
    ours.patch({ set: { x: 1 }, delete: [] }, 0);
    assert.equal(ours.bytes.toString(), '{"x":1}');
    assert.equal(ours.phpBytes.toString(), 'a:1:{s:1:"x";i:1;}');
    ours.patch({ set: { x: 2 }, delete: [] }, 0);
    assert.equal(ours.phpBytes.toString(), 'a:1:{s:1:"x";i:2;}');
    assert.equal(new SessionState().phpBytes.length, 0);
    ours.merge(Buffer.alloc(0));
    assert.equal(ours.bytes.toString(), '{"x":2}');
  });

  for (const [name, session] of [
    ['a PHP object', 'a:1:{s:1:"o";O:8:"stdClass":0:{}}'],
    ['no array', 's:1:"x";'],
    ['cut off', 'a:1:{s:1:"o";'],
  ]) {
    it(`that holds what ours cannot read (${name}) is refused by name of the problem, and nothing is lost`, () => {
      const state = stateOf(session);
      assert.throws(() => decodeSession(state.bytes), { code: 'GW_SESSION' });
      for (const change of [
        () => state.patch({ set: { a: 1 }, delete: [] }, 1),
        () => state.merge(Buffer.from('{"a":1}')),
        () => state.merge(Buffer.from('a:1:{s:1:"a";i:1;}')),
      ]) {
        assert.throws(change, (error: { code: string }) =>
          ['GW_SESSION', 'GW_SERIALIZE'].includes(error.code),
        );
      }
      assert.equal(state.bytes.toString(), session);
      assert.equal(state.phpBytes.toString(), session);
    });
  }

  it('reads PHP’s lists, empty arrays and odd keys as the objects that sessions are', () => {
    assert.deepEqual(decodeSession(Buffer.from('a:0:{}')), {});
    assert.deepEqual(decodeSession(Buffer.from('a:2:{i:0;s:1:"a";i:1;a:0:{}}')), { 0: 'a', 1: [] });
    const odd = decodeSession(Buffer.from('a:1:{s:9:"__proto__";a:1:{s:1:"x";i:1;}}'));
    assert.deepEqual(Object.keys(odd), ['__proto__']);
    assert.equal(Object.getPrototypeOf(odd), Object.prototype);
  });
});
