import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serialize } from '#src/wire/php-serialize.js';
import { PhpSessionView } from '#src/worker/php-session-view.js';

/** What an event of a PHP gateway says. */
function state(session: Buffer | string) {
  return { epoch: 0, applied: 0, address: '', uid: '', session: Buffer.from(session) };
}

function viewOf(session: Buffer | string): PhpSessionView {
  const view = new PhpSessionView();
  view.receive(state(session));
  return view;
}

const ANN = serialize({ name: 'Ann' });

describe('a worker’s view of a session at a PHP gateway', () => {
  it('sends the whole session, and leaves what nobody touched as PHP wrote it', () => {
    const view = viewOf('a:2:{s:5:"price";d:2;s:4:"raw1";s:2:"\u00e9";}');
    assert.equal(view.session.price, 2);
    view.session.name = 'Ann';
    assert.equal(
      view.takeSession()?.toString(),
      'a:3:{s:5:"price";d:2;s:4:"raw1";s:2:"\u00e9";s:4:"name";s:3:"Ann";}',
    );
    assert.equal(view.takeSession(), undefined);
  });

  it('begins with none', () => {
    const view = viewOf('');
    assert.deepEqual(view.session, {});
    view.session.n = 1;
    assert.equal(view.takeSession()?.toString(), 'a:1:{s:1:"n";i:1;}');
  });

  it('an event from before its own changes does not undo them, one by one', () => {
    const view = viewOf(ANN);
    view.session.n = 1;
    const first = view.takeSession() as Buffer;
    view.receive(state(ANN));
    assert.deepEqual(view.session, { name: 'Ann', n: 1 });
    view.session.n = 2;
    const second = view.takeSession() as Buffer;
    for (const event of [ANN, first, second]) {
      view.receive(state(event));
      assert.deepEqual(view.session, { name: 'Ann', n: 2 });
    }
    assert.equal(view.takeSession(), undefined);
  });

  it('a handler that goes on with the session after a query loses nothing', () => {
    const view = viewOf(ANN);
    const { session } = view;
    session.a = 1;
    view.takeSession();
    session.b = 2;
    assert.equal(view.takeSession()?.toString(), 'a:3:{s:4:"name";s:3:"Ann";s:1:"a";i:1;s:1:"b";i:2;}');
  });

  it('takes a session that somebody else has set', () => {
    const view = viewOf(ANN);
    view.session.n = 1;
    view.takeSession();
    const bob = serialize({ name: 'Bob' });
    view.receive(state(bob));
    assert.deepEqual(view.session, { name: 'Bob' });
  });

  it('sees calls on itself at once, and the uid that it has bound', () => {
    const view = viewOf(ANN);
    view.change({ kind: 'uid', uid: 'ann' });
    view.change({ kind: 'update', session: { age: 30 } });
    view.receive(state(ANN));
    assert.deepEqual([view.session, view.uid], [{ name: 'Ann', age: 30 }, 'ann']);
    view.change({ kind: 'set', session: {} });
    view.receive(state(ANN));
    assert.deepEqual([view.session, view.uid], [{}, 'ann']);
  });

  it('a call whose session PHP cannot hold is refused, and changes nothing', () => {
    const view = viewOf(ANN);
    for (const kind of ['set', 'update'] as const) {
      const session = { half: '\ud800' };
      assert.throws(() => view.change({ kind, session }), { code: 'GW_SESSION', message: /session\.half / });
    }
    view.receive(state(ANN));
    assert.deepEqual(view.session, { name: 'Ann' });
    Object.assign(view.session, { n: 1 });
    assert.equal(view.takeSession()?.toString(), 'a:2:{s:4:"name";s:3:"Ann";s:1:"n";i:1;}');
  });
});
