import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SessionState } from '#src/gateway/session-state.js';
import { NO_STATE } from '#src/wire/client-state.js';
import { serialize } from '#src/wire/php-serialize.js';
import { decodePhpPatch, decodeSession, encodePatch, encodeSession } from '#src/wire/session.js';
import type { SessionPatch } from '#src/wire/session.js';
import { PhpSessionView } from '#src/worker/php-session-view.js';
import { SessionView } from '#src/worker/session-view.js';

class Score {
  points = 3;
}

/** What would come back as something else, by what it is called; and where in the value it is. */
const REFUSED: ReadonlyArray<readonly [value: unknown, what: RegExp, place?: string]> = [
  [new Map([['a', 1]]), /an object of class Map/],
  [new Set([1]), /an object of class Set/],
  [new Score(), /an object of class Score/],
  [Object.create(new Score()) as object, /an object of class Score/],
  [Object(7) as object, /an object of class Number/],
  [/x/, /an object of class RegExp/],
  [new Error('no'), /an object of class Error/],
  [Promise.resolve(), /an object of class Promise/],
  [new Date(Number.NaN), /an invalid Date/],
  [() => 1, /a function/],
  [{ toJSON: () => 'text' }, /a function/, 'toJSON'],
  [Symbol('s'), /a symbol/],
  [1n, /the bigint 1, which a number can hold/],
  [-(2n ** 53n) + 1n, /the bigint -9007199254740991/],
  [2n ** 63n, /no int64 can hold/],
  [[1, undefined], /undefined/, '1'],
  // a list with a hole
  [Object.assign([1], { 2: 3 }), /undefined/, '1'],
  [{ a: [{ tags: new Set() }] }, /class Set/, 'a.0.tags'],
  [{ a: { b: () => 1 } }, /a function/, 'a.b'],
];

/** Besides, where the session is JSON. */
const REFUSED_IN_JSON: typeof REFUSED = [
  [Buffer.from('x'), /an object of class Buffer/],
  [{ bytes: new Uint8Array(2) }, /class Uint8Array/, 'bytes'],
  [Number.NaN, /the number NaN/],
  [{ id: 2n ** 60n }, /a bigint, which only a session of PHP’s can hold/, 'id'],
  [[-Infinity], /the number -Infinity/, '0'],
];

const PHP_SESSION = serialize({ name: 'Ann' });

function viewOf(session: Buffer | string, view = new SessionView()): SessionView {
  view.receive({ ...NO_STATE, session: Buffer.from(session) });
  return view;
}

/** A gateway that holds the session, and a worker's view of it. */
function both(session: Buffer | string): {
  state: SessionState;
  view: SessionView;
  readonly store: () => void;
} {
  const state = new SessionState();
  state.replace(Buffer.from(session));
  const view = new SessionView();
  view.receive({ ...NO_STATE, epoch: state.epoch, session: state.bytes });
  return {
    state,
    view,
    store: () => {
      const change = view.takePatch();
      if (change === undefined) return;
      const bytes = encodePatch(change.patch);
      // as the gateway's PATCH_SESSION reads it
      const patch = typeof bytes === 'string' ? (JSON.parse(bytes) as SessionPatch) : decodePhpPatch(bytes);
      state.patch(patch, change.epoch);
      state.countApplied();
    },
  };
}

function edit(values: Record<string, unknown>): void {
  values.seen = 1;
  (values.user as Record<string, unknown>).name = 'Ann';
  (values.list as unknown[]).push(4);
}

describe('what a session can hold', () => {
  for (const [sessions, list] of [
    [{ json: '{"name":"Ann"}', php: PHP_SESSION }, REFUSED],
    [{ json: '{"name":"Ann"}' }, REFUSED_IN_JSON],
  ] as const) {
    for (const [format, session] of Object.entries(sessions)) {
      for (const [value, what, place] of list) {
        it(`not ${String(what)} ${place === undefined ? '' : `at ${place} `}in a session of ${format}: refused by its key, and nothing else is lost`, () => {
          const view = viewOf(session);
          Object.assign(view.session, { bad: value, good: 1 });
          const message = new RegExp(
            `client\\.session\\.bad cannot be stored: ${place === undefined ? 'it' : `${place} in it`} is .*${what.source}`,
          );
          assert.throws(() => view.takePatch(), { code: 'GW_SESSION', message });
          const { set, delete: deleted } = view.takePatch()?.patch ?? {};
          assert.deepEqual([set, deleted], [{ good: 1 }, []]);
          assert.deepEqual(view.session, { name: 'Ann', good: 1 });
        });
      }
    }
  }

  it('as calls refuse it, with the key', () => {
    for (const [value] of [...REFUSED, ...REFUSED_IN_JSON]) {
      const refusal = { code: 'GW_SESSION', message: /session\.bad cannot be stored/ };
      assert.throws(() => encodeSession({ good: 1, bad: value }), refusal);
    }
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    assert.throws(() => encodeSession(cycle), { code: 'GW_SESSION', message: /512 levels, or a cycle/ });
    // in PHP's format these have a place
    for (const [value] of REFUSED_IN_JSON) encodeSession({ good: 1, ok: value }, true);
    assert.throws(() => encodeSession({ a: { b: 'x\ud800' } }, true), {
      message: /b in it is text with half/,
    });
  });

  it('not what a class has made, as a whole', () => {
    const view = viewOf('{"a":1}');
    for (const session of [new Map(), new Score(), new Date(), Buffer.from('x')]) {
      assert.throws(() => (view.session = session as never), { code: 'GW_SESSION' });
    }
    assert.deepEqual(view.session, { a: 1 });
  });

  it('a Date as its text, and properties that are undefined left out, as JSON does', () => {
    const { view, state, store } = both('');
    view.session.at = { date: new Date(0), none: undefined };
    store();
    assert.equal(state.bytes.toString(), '{"at":{"date":"1970-01-01T00:00:00.000Z"}}');
  });

  it('objects without a prototype, and those of another realm', () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    assert.equal(encodeSession({ bare }).toString(), '{"bare":{"a":1}}');
  });
});

describe('ints beyond 2^53 and other values that only PHP’s format has', () => {
  const session = Buffer.from(
    'a:5:{s:2:"id";i:9007199254740993;s:5:"price";d:2;s:4:"list";a:3:{i:0;i:-9007199254740995;i:1;d:1;i:2;s:2:"\u00ff\u00fe";}s:3:"nan";d:NAN;s:4:"user";a:2:{s:5:"score";d:3;s:3:"big";i:9223372036854775807;}}',
    'latin1',
  );

  it('are read as what they are', () => {
    assert.deepEqual(decodeSession(session), {
      id: 9007199254740993n,
      price: 2,
      list: [-9007199254740995n, 1, Buffer.from([0xff, 0xfe])],
      nan: Number.NaN,
      user: { score: 3, big: 9223372036854775807n },
    });
  });

  for (const kind of ['a gateway of ours', 'a PHP gateway'] as const) {
    it(`keep PHP’s bytes at ${kind}, whatever else a handler changes, beside them as well`, () => {
      let stored: Buffer | undefined;
      if (kind === 'a PHP gateway') {
        const view = viewOf(session, new PhpSessionView()) as PhpSessionView;
        edit(view.session);
        stored = view.takeSession();
        assert.equal(view.takeSession(), undefined);
      } else {
        const { view, state, store } = both(session);
        edit(view.session);
        store();
        stored = state.bytes;
        assert.equal(view.takePatch(), undefined);
      }
      assert.equal(
        stored?.toString('latin1'),
        session
          .toString('latin1')
          .replace('a:5:', 'a:6:')
          .replace('a:3:{i:0;', 'a:4:{i:0;')
          .replace('\u00ff\u00fe";}', '\u00ff\u00fe";i:3;i:4;}')
          .replace('a:2:{s:5:"score"', 'a:3:{s:5:"score"')
          .replace('07;}}', '07;s:4:"name";s:3:"Ann";}s:4:"seen";i:1;}'),
      );
    });
  }

  it('change as they are told to', () => {
    const { view, state, store } = both(session);
    view.session.id = (view.session.id as bigint) + 2n;
    delete view.session.list;
    view.session.price = 2.5;
    store();
    const { id, price, list } = decodeSession(state.bytes);
    assert.deepEqual([id, price, list], [9007199254740995n, 2.5, undefined]);
  });

  it('are refused in a session of ours, whose objects would come back as lists in PHP’s format', () => {
    const { view, state, store } = both('{"a":{}}');
    view.session.id = 2n ** 60n;
    assert.throws(store, {
      code: 'GW_SESSION',
      message: /client\.session\.id cannot be stored: it is a bigint/,
    });
    view.session.b = { 0: 1 };
    store();
    assert.equal(state.bytes.toString(), '{"a":{},"b":{"0":1}}');
    assert.throws(() => encodeSession({ deep: { id: 2n ** 60n } }), { code: 'GW_SESSION' });
  });

  it('are seen at once by the worker that set them, and with events from before', () => {
    const view = viewOf(serialize({ a: 1 }));
    view.session.id = 2n ** 60n;
    assert.deepEqual(view.takePatch()?.patch, { set: { id: 2n ** 60n }, delete: [], php: true });
    view.receive({ ...NO_STATE, session: serialize({ a: 2 }) });
    assert.deepEqual(view.session, { a: 2, id: 2n ** 60n });
  });

  it('a session with references of PHP is one without', () => {
    const referring = Buffer.from('a:3:{s:1:"x";a:1:{i:0;d:1;}s:1:"y";R:2;s:1:"z";i:1;}');
    assert.deepEqual(decodeSession(referring), { x: [1], y: [1], z: 1 });
    const { view, state, store } = both(referring);
    view.session.z = 2;
    (view.session.y as number[]).push(2);
    store();
    assert.equal(
      state.bytes.toString(),
      'a:3:{s:1:"x";a:1:{i:0;d:1;}s:1:"y";a:2:{i:0;d:1;i:1;i:2;}s:1:"z";i:2;}',
    );
  });
});
