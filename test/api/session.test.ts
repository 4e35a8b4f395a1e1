import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { ApiClient } from '../support/api-client.js';
import { NodeProcess } from '../support/node.js';

const INCREMENTS = 1000;

describe('sessions, through websockets and two worker threads', () => {
  let node: NodeProcess;
  /** Bound to one worker. */
  let ann: ApiClient;
  /** Bound to the other one, so that what Bob does to Ann's session comes from outside. */
  let bob: ApiClient;

  /** Sees that they are gone after a test: so the next two are again bound to one worker each. */
  let witness: ApiClient;

  before(async () => {
    node = await NodeProcess.start({
      events: 'api',
      worker: { count: 2 },
      gateway: { router: 'least-connections' },
    });
    witness = await ApiClient.connect(node.url('ws'));
  });
  after(() => node.stop());
  beforeEach(async () => {
    ann = await ApiClient.connect(node.url('ws'));
    bob = await ApiClient.connect(node.url('ws'));
  });
  afterEach(async () => {
    await Promise.all([ann.ws.close(), bob.ws.close()]);
    while ((await witness.call('getAllClientIdCount')) !== 1);
  });

  /** Ann's session once all that her handlers wrote is stored: that is after their answers, and before her next event. */
  async function stored(): Promise<Record<string, unknown>> {
    await ann.call('session');
    return await bob.call('getSession', ann.id);
  }

  it('setSession replaces, updateSession merges at every depth, getSession tells', async () => {
    await bob.call('setSession', ann.id, { a: 1, deep: { x: 1, list: [1, 2, 3] } });
    assert.deepEqual(await bob.call('getSession', ann.id), { a: 1, deep: { x: 1, list: [1, 2, 3] } });
    await bob.call('updateSession', ann.id, { b: null, deep: { y: { z: 'ü' }, list: [9] } });
    const merged = { a: 1, b: null, deep: { x: 1, y: { z: 'ü' }, list: [9, 2, 3] } };
    assert.deepEqual(await bob.call('getSession', ann.id), merged);
    assert.deepEqual(await ann.call('session'), merged);
    await bob.call('setSession', ann.id, {});
    assert.deepEqual(await bob.call('getSession', ann.id), {});
    assert.deepEqual(await ann.call('session'), {});
  });

  it('a key of any name is a key like all others', async () => {
    const session = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2, "1": "a", "": "b"}') as object;
    await bob.call('setSession', ann.id, session);
    assert.deepEqual(
      new Map(Object.entries(await ann.call<object>('session'))),
      new Map(Object.entries(session)),
    );
    await bob.call('updateSession', ann.id, JSON.parse('{"__proto__": {"y": 2}}'));
    const updated = await bob.call<object>('getSession', ann.id);
    assert.deepEqual(Object.getOwnPropertyDescriptor(updated, '__proto__')?.value, { x: 1, y: 2 });
    await ann.call('session.delete', '__proto__');
    assert.equal(Object.hasOwn(await stored(), '__proto__'), false);
  });

  it('a handler’s changes are stored: keys set and deleted, a session assigned as a whole', async () => {
    await ann.call('session.assign', { a: 1, b: { c: 2 } });
    assert.deepEqual(await stored(), { a: 1, b: { c: 2 } });
    await ann.call('session.delete', 'a');
    assert.deepEqual(await stored(), { b: { c: 2 } });
    await ann.call('session.replace', { d: 4 });
    assert.deepEqual(await stored(), { d: 4 });
  });

  it('getSession in a handler sees what the handler wrote before it', async () => {
    await bob.call('setSession', ann.id, { a: 1 });
    assert.deepEqual(await ann.call('session.writeAndGet', { b: 2 }), { a: 1, b: 2 });
    assert.deepEqual(await ann.call('session.writeAndGet', { a: 3 }), { a: 3, b: 2 });
  });

  it(`loses none of ${INCREMENTS} pipelined session.n++ while others update other keys`, async (t) => {
    for (let n = 1; n <= INCREMENTS; n++) {
      ann.request('session.increment');
      bob.request('updateSession', [ann.id, { other: n, nested: { [`k${n % 7}`]: n } }]);
      if (n % 10 === 0) ann.request('updateSession', [ann.id, { own: n }]);
    }
    const values: unknown[] = [];
    for (let outcomes = 0; outcomes < INCREMENTS * 1.1; outcomes++) {
      const { result, error } = await ann.outcome();
      assert.equal(error, undefined);
      if (typeof result === 'number') values.push(result);
    }
    for (let n = 1; n <= INCREMENTS; n++) assert.deepEqual(await bob.outcome(), { result: true });
    assert.deepEqual(
      values,
      Array.from({ length: INCREMENTS }, (_, n) => n + 1),
    );
    const session = await stored();
    assert.equal(session.n, INCREMENTS);
    assert.equal(session.other, INCREMENTS);
    assert.equal(session.own, INCREMENTS);
    assert.equal(Math.max(...Object.values(session.nested as Record<string, number>)), INCREMENTS);
    t.diagnostic(`n: ${String(session.n)} of ${INCREMENTS}`);
  });

  it('setSession from outside wins over a handler that is under way', async () => {
    await bob.call('setSession', ann.id, { old: true });
    ann.request('session.writeUntilReplaced');
    while ((await bob.call<{ early?: boolean }>('getSession', ann.id)).early !== true);
    await bob.call('setSession', ann.id, { replaced: true });
    assert.deepEqual(await ann.outcome(), {});
    assert.deepEqual(await stored(), { replaced: true });
    // what comes after it counts again
    await ann.call('session.assign', { next: 1 });
    assert.deepEqual(await stored(), { replaced: true, next: 1 });
  });

  it('a handler that sets its own client’s session sees it at once', async () => {
    ann.request('session.assign', [{ a: 1 }]);
    ann.request('setSession', [ann.id, { b: 2 }]);
    ann.request('session');
    ann.request('session.assign', [{ c: 3 }]);
    ann.request('updateSession', [ann.id, { d: { e: 4 } }]);
    ann.request('session');
    await ann.outcome();
    await ann.outcome();
    assert.deepEqual((await ann.outcome()).result, { b: 2 });
    await ann.outcome();
    await ann.outcome();
    assert.deepEqual((await ann.outcome()).result, { b: 2, c: 3, d: { e: 4 } });
    assert.deepEqual(await stored(), { b: 2, c: 3, d: { e: 4 } });
  });

  it('an update for a client that is gone is no error', async () => {
    const gone = await ApiClient.connect(node.url('ws'));
    await gone.ws.close();
    assert.equal(await bob.call('updateSession', gone.id, { a: 1 }), true);
    assert.equal(await bob.call('setSession', gone.id, { a: 1 }), true);
  });
});
