import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { boot, type TestApp } from '#src/testing/index.js';
import { type Events, defineEvents } from '#src/worker/events.js';
import { Refused } from '#src/worker/refused.js';

const DOOR = defineEvents({
  async onHandshake({ query, subprotocols, headers, remoteAddress }) {
    await Promise.resolve();
    if (query.how === 'never') await new Promise(() => {});
    if (query.how === 'throw') throw new Error('a mistake');
    if (query.token === undefined) throw new Refused(401, 'No token');
    const session = { subprotocols, remoteAddress, offered: headers['sec-websocket-protocol'] };
    return { uid: query.token, groups: ['in'], session, subprotocol: subprotocols[1] };
  },
  onConnect(client) {
    client.send(`hello ${client.uid}`);
  },
  onWebSocketConnect(client, { subprotocol }) {
    client.send(`by ${subprotocol}`);
  },
  onMessage(client, message) {
    client.send(message);
  },
});

async function app(t: TestContext, events: Events = DOOR, patience?: number): Promise<TestApp> {
  const started = await boot({ events, patience });
  t.after(async () => await started.close());
  return started;
}

describe('onHandshake in a test', { timeout: 20_000 }, () => {
  it('lets in with what it grants', async (t) => {
    const application = await app(t);
    const client = await application.connect({
      query: { token: 'ann' },
      subprotocols: ['v1', 'v2'],
      remoteAddress: '2001:db8::1',
    });
    assert.deepEqual([await client.next(), await client.next()], ['hello ann', 'by v2']);
    assert.deepEqual([client.uid, client.groups], ['ann', ['in']]);
    assert.deepEqual(client.session, {
      subprotocols: ['v1', 'v2'],
      remoteAddress: '2001:db8::1',
      offered: 'v1, v2',
    });
    await application.reload();
    await application.crash();
    const other = await application.connect({ query: { token: 'bob' }, uid: 'robert' });
    assert.equal(other.uid, 'robert');
    assert.equal(application.clients.length, 2);
  });

  it('refuses as the client sees it, and leaves nobody behind', async (t) => {
    const application = await app(t);
    await assert.rejects(application.connect(), { name: 'Refused', status: 401, message: 'No token' });
    await assert.rejects(application.connect({ query: { how: 'throw' } }), { status: 500 });
    assert.ok(application.log.some(({ msg }) => msg === 'onHandshake failed: a mistake'));
    assert.deepEqual(application.clients, []);
  });

  it('is not asked about clients without a handshake', async (t) => {
    const client = await (await app(t)).connect({ websocket: false });
    assert.equal(await client.next(), 'hello null');
  });

  it('that stays pending is told of', async (t) => {
    const application = await app(t, DOOR, 50);
    await assert.rejects(application.connect({ query: { how: 'never' } }), /1 handler is pending/);
  });
});
