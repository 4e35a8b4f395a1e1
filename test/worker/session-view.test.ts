import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeClientState } from '#src/wire/client-state.js';
import { Flag } from '#src/wire/command.js';
import { type ReceivedFrame, decodeFrame, emptyFrame, encodeFrame } from '#src/wire/frame.js';
import { SessionView } from '#src/worker/session-view.js';

function viewOf(
  session: object,
  known: { epoch?: number; applied?: number; uid?: string } = {},
): SessionView {
  const view = new SessionView();
  view.receive(state(session, known));
  return view;
}

function state(session: object, { epoch = 0, applied = 0, uid = '' } = {}) {
  return { epoch, applied, address: '', uid, session: Buffer.from(JSON.stringify(session)) };
}

function event(length: number): ReceivedFrame {
  const ext = encodeClientState(state({ text: 'x'.repeat(length) }, { uid: 'ada' }));
  return decodeFrame(encodeFrame({ ...emptyFrame(), flags: Flag.STATE, ext, body: 'message' }));
}

function nested(levels: number): unknown {
  return JSON.parse(`${'['.repeat(levels)}"${'x'.repeat(1024)}"${']'.repeat(levels)}`);
}

describe('a worker’s view of a session', () => {
  it('finds what a handler changed: keys set, deleted, and changed inside', () => {
    const view = viewOf({ a: 1, b: { c: [1] }, d: 4 });
    Object.assign(view.session, { a: 2, e: undefined });
    (view.session.b as { c: number[] }).c.push(2);
    delete view.session.d;
    assert.deepEqual(view.takePatch()?.patch, { set: { a: 2, b: { c: [1, 2] } }, delete: ['d'] });
    assert.equal(view.takePatch(), undefined);
  });

  it('nothing changed, nothing read: nothing to send', () => {
    const view = viewOf({ a: 1 });
    assert.equal(view.takePatch(), undefined);
    view.session.a = 1;
    assert.equal(view.takePatch(), undefined);
  });

  it('a session assigned as a whole is its difference', () => {
    const view = viewOf({ a: 1, b: 2 });
    view.session = { b: 2, c: 3 };
    assert.deepEqual(view.takePatch()?.patch, { set: { c: 3 }, delete: ['a'] });
    assert.deepEqual(view.session, { b: 2, c: 3 });
  });

  it('what is no session is refused, and the one before stays', () => {
    const view = viewOf({ a: 1 });
    for (const value of [null, undefined, 'text', 7, [1]]) {
      assert.throws(() => (view.session = value as never), { code: 'GW_SESSION' });
    }
    assert.deepEqual(view.session, { a: 1 });
  });

  it('a value that JSON cannot hold is refused by its key, and loses no other key', () => {
    const view = viewOf({});
    Object.assign(view.session, { good: 1, bad: 1n, also: 2 });
    assert.throws(() => view.takePatch(), { code: 'GW_SESSION', message: /client\.session\.bad/ });
    delete view.session.bad;
    assert.deepEqual(view.takePatch()?.patch, { set: { good: 1, also: 2 }, delete: [] });
  });

  it('a value that is too deep for the gateway is refused by its key, and set back', () => {
    const view = viewOf({ deep: 'before' });
    view.session.deep = nested(512);
    assert.throws(() => view.takePatch(), {
      code: 'GW_SESSION',
      message: /client\.session\.deep .*512 levels/,
    });
    assert.equal(view.session.deep, 'before');
    view.session.deep = JSON.parse('['.repeat(512) + ']'.repeat(512));
    assert.throws(() => view.takePatch(), { code: 'GW_SESSION' }, 'and if nothing but levels is in it');
    view.session.deep = nested(511);
    assert.deepEqual(view.takePatch()?.patch.set, { deep: nested(511) });
  });

  it('what was sent is seen with later events until the gateway says that it has applied it', () => {
    const view = viewOf({ n: 1 });
    view.session.n = 2;
    view.takePatch();
    view.receive(state({ n: 1 }));
    assert.deepEqual(view.session, { n: 2 });
    view.receive(state({ n: 1, other: 1 }));
    assert.deepEqual(view.session, { n: 2, other: 1 });
    view.receive(state({ n: 7 }, { applied: 1 }));
    assert.deepEqual(view.session, { n: 7 });
  });

  it('an event that is older than what is known changes nothing', () => {
    const view = viewOf({ n: 5 }, { applied: 5, uid: 'ann' });
    view.receive(state({ n: 0 }, { applied: 0 }));
    assert.deepEqual(view.session, { n: 5 });
    assert.equal(view.uid, 'ann');
  });

  it('a uid is seen at once, and until it is applied', () => {
    const view = viewOf({});
    view.change({ kind: 'uid', uid: 'ann' });
    assert.equal(view.uid, 'ann');
    view.receive(state({}));
    assert.equal(view.uid, 'ann');
    view.receive(state({}, { applied: 1, uid: 'bob' }));
    assert.equal(view.uid, 'bob');
  });

  it('a patch names the epoch that it was made in, with the sets that are still on their way', () => {
    const view = viewOf({ a: 1 }, { epoch: 3 });
    view.change({ kind: 'set', session: { b: 1 } });
    view.session.c = 2;
    assert.equal(view.takePatch()?.epoch, 4);
  });

  it('takes what comes with an event, keeps no view of it, and knows it again', () => {
    for (const length of [1, 1000]) {
      const view = new SessionView();
      const first = event(length);
      view.receiveWith(first);
      first.bytes.fill(0);
      assert.deepEqual([view.uid, view.session], ['ada', { text: 'x'.repeat(length) }]);
      const seen = view.session;
      view.receiveWith(event(length));
      assert.equal(view.session, seen);
      view.receiveWith(event(length + 1));
      assert.deepEqual(view.session, { text: 'x'.repeat(length + 1) });
    }
  });

  it('knows of no session where an event says nothing', () => {
    const view = new SessionView();
    view.receiveWith(decodeFrame(encodeFrame({ ...emptyFrame(), body: 'message' })));
    assert.deepEqual([view.uid, view.session], ['', {}]);
  });

  it('sets back what JSON cannot hold, tells of it once, and loses no other key', () => {
    const view = new SessionView();
    const session = Buffer.from('{"kept":1,"bad":"before"}');
    view.receive({ epoch: 0, applied: 0, address: '', uid: '', session });
    view.session.bad = 10n;
    view.session.alsoBad = { valueOf: 1n };
    view.session.kept = 2;
    assert.throws(() => view.takePatch(), { code: 'GW_SESSION', message: /client\.session\.bad / });
    assert.throws(() => view.takePatch(), { code: 'GW_SESSION', message: /client\.session\.alsoBad / });
    assert.deepEqual(view.takePatch()?.patch, { set: { kept: 2 }, delete: [] });
    assert.deepEqual(view.session, { kept: 2, bad: 'before' });
    assert.equal(view.takePatch(), undefined);
  });
});
