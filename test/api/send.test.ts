import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { SEND_CASES } from '../support/api-cases.js';
import { ApiClient, base64, introduce } from '../support/api-client.js';
import { NodeProcess } from '../support/node.js';
import { TextClient } from '../support/text-client.js';
import type { WsMessage } from '../support/ws-client.js';

describe('sends of the Gateway API, through websockets and a worker thread', () => {
  let node: NodeProcess;
  let caller: ApiClient;
  /** Ann: group red and green. Bob: red. Ann's second client: green. */
  let clients: ApiClient[];

  before(async () => {
    node = await NodeProcess.start({
      events: 'api',
      gateway: { listen: [{ url: 'ws://127.0.0.1:0' }, { url: 'text://127.0.0.1:0' }] },
    });
  });
  after(() => node.stop());

  beforeEach(async () => {
    [caller, ...clients] = await Promise.all(
      Array.from({ length: 4 }, () => ApiClient.connect(node.url('ws'))),
    );
    await introduce(clients);
  });
  afterEach(() => Promise.all([caller, ...clients].map((client) => client.ws.close())));

  /** What everybody gets of a call. */
  async function received(call: string, ...args: unknown[]): Promise<WsMessage[][]> {
    assert.equal(await caller.call(call, ...args), true);
    await caller.call('sendToAll', 'end');
    return await Promise.all(clients.map((client) => client.messagesBefore('end')));
  }

  for (const [what, call, args, expected] of SEND_CASES) {
    it(`${call}: ${what}`, async () => {
      assert.deepEqual(await received(call, ...args(clients.map(({ id }) => id))), expected);
    });
  }

  it('sends strings as text and bytes as binary, empty ones too', async () => {
    const [ann] = clients;
    assert.deepEqual((await received('sendToClient', ann.id, 'ünïcode 你好 🙂'))[0], ['ünïcode 你好 🙂']);
    const bytes = Buffer.from([0, 255, 10, 128]);
    assert.deepEqual((await received('sendToClient', ann.id, base64(bytes)))[0], [bytes]);
    assert.deepEqual((await received('sendToClient', ann.id, ''))[0], ['']);
    assert.deepEqual((await received('sendToAll', base64(Buffer.alloc(0))))[0], [Buffer.alloc(0)]);
  });

  it('hands text to a handler as a string and binary as a Buffer', async () => {
    const [ann] = clients;
    // the event app sends binary messages back as they are
    ann.ws.send(Buffer.from([1, 2, 3]));
    assert.deepEqual(await ann.ws.next(), Buffer.from([1, 2, 3]));
  });

  it('sends raw bytes without the protocol, by every call that takes raw', async () => {
    const [ann] = clients;
    const frame = Buffer.concat([Buffer.from([0x81, 3]), Buffer.from('raw')]);
    const raw = { raw: true };
    assert.deepEqual((await received('sendToAll', base64(frame), raw))[1], ['raw']);
    assert.deepEqual((await received('sendToAll', base64(frame), { ...raw, clientIds: [ann.id] }))[0], [
      'raw',
    ]);
    assert.deepEqual((await received('sendToClient', ann.id, base64(frame), raw))[0], ['raw']);
    assert.deepEqual((await received('sendToUid', 'bob', base64(frame), raw))[1], ['raw']);
    assert.deepEqual((await received('sendToGroup', 'red', base64(frame), raw))[1], ['raw']);
    ann.request('client.send', [base64(frame), raw]);
    assert.equal(await ann.ws.next(), 'raw');
    assert.deepEqual(await ann.outcome(), { result: true });
  });

  it('reaches clients of two protocols with one call', async () => {
    const text = await TextClient.connect(node.url('text'));
    text.send(JSON.stringify({ call: 'client.join', args: ['red'] }));
    assert.equal(await text.next(), '{"result":true}');
    assert.deepEqual(await received('sendToGroup', 'red', 'both'), [['both'], ['both'], []]);
    assert.equal(await text.next(), 'both');
    assert.equal(await text.next(), 'end');
    await text.close();
  });

  it('closeClient: the message goes out, then the connection is closed', async () => {
    const [ann, bob] = clients;
    await caller.call('closeClient', ann.id, 'bye');
    assert.equal(await ann.ws.next(), 'bye');
    assert.deepEqual(await ann.ws.closed, { code: 1000, reason: '' });
    await caller.call('closeClient', bob.id);
    assert.deepEqual(await bob.ws.closed, { code: 1000, reason: '' });
    assert.equal(bob.ws.waiting, 0);
  });

  it('closeClient: an empty message is one', async () => {
    const [ann] = clients;
    await caller.call('closeClient', ann.id, '');
    assert.equal(await ann.ws.next(), '');
    assert.deepEqual(await ann.ws.closed, { code: 1000, reason: '' });
  });

  for (const call of ['destroyClient', 'destoryClient']) {
    it(`${call}: the connection is dropped`, async () => {
      await caller.call(call, clients[0].id);
      assert.equal((await clients[0].ws.closed).code, 1006);
    });
  }

  it('drained resolves at once when nothing waits', async () => {
    await caller.call('drained');
  });

  it('a send to a client that is gone, or that never was, is no error', async () => {
    const [ann] = clients;
    await ann.ws.close();
    const stranger = ann.id.slice(0, 12) + (ann.id[12] === '0' ? '1' : '0') + ann.id.slice(13);
    for (const id of [ann.id, stranger]) {
      assert.equal(await caller.call('sendToClient', id, 'hi'), true);
      assert.equal(await caller.call('closeClient', id, 'hi'), true);
      assert.equal(await caller.call('destroyClient', id), true);
      assert.equal(await caller.call('sendToAll', 'hi', { clientIds: [id] }), true);
    }
  });

  it('a client id of another gateway does not reach the client here that has the same number', async () => {
    const [ann] = clients;
    const elsewhere = `0a000001${ann.id.slice(8)}`;
    const calls: [call: string, ...args: unknown[]][] = [
      ['sendToClient', elsewhere, 'hi'],
      ['sendToAll', 'hi', { clientIds: [elsewhere] }],
      ['closeClient', elsewhere],
      ['destroyClient', elsewhere],
      ['bindUid', elsewhere, 'eve'],
      ['joinGroup', elsewhere, 'red'],
      ['setSession', elsewhere, {}],
    ];
    for (const call of calls) assert.equal((await caller.refusal(...call)).code, 'GW_LINK_CLOSED', call[0]);
    assert.equal(await caller.call('isOnline', elsewhere), false);
    assert.deepEqual(await received('sendToAll', 'hi', { exclude: elsewhere }), [['hi'], ['hi'], ['hi']]);
  });
});
