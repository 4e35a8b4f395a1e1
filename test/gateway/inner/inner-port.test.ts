import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientRecord } from '#src/gateway/client-record.js';
import { Command, Flag, WorkerState } from '#src/wire/command.js';
import {
  INTEREST_FEATURE,
  NODE_FEATURE,
  ROUTE_FEATURE,
  parseGatewayIntroduction,
} from '#src/wire/worker-connect.js';
import type { Frame } from '#src/wire/frame.js';
import { type PhpValue, serialize, toPlain, unserialize } from '#src/wire/php-serialize.js';
import { decodeClientState } from '#src/wire/client-state.js';
import { decodeHandshake } from '#src/wire/handshake.js';
import { FakeTransport } from '../../support/fake-transport.js';
import { InnerScene } from '../../support/inner-scene.js';

/** A message that is no string, as PHP sends it. */
const php = (value: PhpValue): Partial<Frame> => ({ flags: 0, body: serialize(value) });

describe('the inner port: who comes in', () => {
  it('a name that another node has is refused; the node that has it may come again', async (t) => {
    const scene = await InnerScene.create(t, { secretKey: 'open' });
    const refusalOf = async (key: string, instance: string): Promise<string | undefined> => {
      const peer = await scene.connect();
      peer.introduce(key, 'open', [NODE_FEATURE], instance);
      return parseGatewayIntroduction((await peer.nextFrame()).bodyText()).refusal;
    };
    assert.match((await refusalOf('node-a:0', 'x')) ?? '', /node-a:0 is taken by the node of this gateway/);
    assert.equal(await refusalOf('node-b:0', 'b1'), undefined);
    assert.match((await refusalOf('node-b:0', 'b2')) ?? '', /node-b:0 is taken by a node at 127\.0\.0\.1/);
    assert.equal(await refusalOf('node-b:0', 'b1'), undefined);
    assert.equal(scene.gateway.counters.innerRefusals.get('name'), 2);
  });

  it('a worker of ours is answered who the gateway is, and gets clients once it is ready', async (t) => {
    const scene = await InnerScene.create(t, { secretKey: 'open' });
    const worker = await scene.connect();
    worker.introduce('node-b:0', 'open', [NODE_FEATURE]);
    const answer = await worker.nextFrame();
    assert.equal(answer.command, Command.WORKER_CONNECT);
    assert.deepEqual(parseGatewayIntroduction(answer.bodyText()), {
      features: [NODE_FEATURE, ROUTE_FEATURE, INTEREST_FEATURE],
      node: 'node-a',
      refusal: undefined,
    });

    const { id, transport } = scene.join();
    scene.message(transport, 'early');
    assert.deepEqual(
      scene.gateway.peers.map(({ state, clients }) => ({ state, clients })),
      [{ state: 'unready', clients: 0 }],
    );
    worker.send({ command: Command.WORKER_STATE, clientIp: WorkerState.READY });
    assert.equal((await worker.nextFrame()).command, Command.ON_CONNECT);
    const event = await worker.nextFrame();
    assert.equal(event.connectionId, id);
    assert.equal(event.bodyText(), 'early');
    assert.deepEqual(scene.gateway.peers, [
      {
        name: 'node-b:0',
        address: worker.address,
        local: false,
        legacy: false,
        clients: 1,
        bufferedBytes: 0,
        state: 'ready',
      },
    ]);
  });

  it('a query of a worker of ours is answered by request id, and carries what only ours know', async (t) => {
    const scene = await InnerScene.create(t);
    const worker = await scene.nodeWorker();
    const { id, transport } = scene.join();
    await worker.nextFrame();
    worker.send(
      { command: Command.SET_SESSION, connectionId: id, ext: '{"name":"Ann"}', flags: Flag.COUNTED },
      { command: Command.GET_SESSION_BY_CLIENT_ID, connectionId: id, flags: Flag.REQUEST, clientIp: 77 },
    );
    const reply = await worker.nextFrame();
    assert.equal(reply.command, Command.REPLY);
    assert.equal(reply.clientIp, 77);
    assert.equal(unserialize(reply.body), '{"name":"Ann"}');
    scene.message(transport, 'hi', true);
    const event = await worker.nextFrame();
    assert.equal(event.flags, Flag.PLAIN_BODY | Flag.BINARY | Flag.STATE);
    assert.equal(decodeClientState(event.ext).session.toString(), '{"name":"Ann"}');
  });

  it('a PHP worker gets clients at once, and nothing that PHP does not know', async (t) => {
    const scene = await InnerScene.create(t, { secretKey: 'open' });
    const worker = await scene.phpWorker();
    const { id, transport } = scene.join();
    const connect = await worker.nextFrame();
    assert.equal(connect.command, Command.ON_CONNECT);
    (transport.client as ClientRecord).ensureState().replace(Buffer.from('{"name":"Ann","list":[1,2.5]}'));
    scene.message(transport, 'hi', true);
    const event = await worker.nextFrame();
    assert.equal(event.connectionId, id);
    assert.equal(event.flags, Flag.PLAIN_BODY);
    assert.equal(event.extText(), 'a:2:{s:4:"name";s:3:"Ann";s:4:"list";a:2:{i:0;i:1;i:1;d:2.5;}}');
    assert.equal(event.bodyText(), 'hi');
  });

  it('a GatewayClient may send everything, pipelined, and is answered in order', async (t) => {
    const scene = await InnerScene.create(t, { secretKey: 'open' });
    const { id, transport } = scene.join();
    const client = await scene.client();
    client.send(
      { command: Command.BIND_UID, connectionId: id, ext: '12' },
      { command: Command.GET_CLIENT_ID_BY_UID, ext: '12' },
      { command: Command.SEND_TO_UID, ext: '[12]', body: 'hello' },
      { command: Command.IS_ONLINE, connectionId: id },
      { command: Command.GET_SESSION_BY_CLIENT_ID, connectionId: id },
      { command: Command.GET_SESSION_BY_CLIENT_ID, connectionId: id + 1 },
    );
    const replies = [];
    for (let n = 0; n < 4; n++) replies.push((await client.nextReply()).subarray(4).toString());
    assert.deepEqual(replies, [`a:1:{i:0;i:${id};}`, 'i:1;', 'a:0:{}', 'N;']);
    assert.equal(transport.written, 'hello\n');
  });

  it('a message of PHP that is no string goes out as JSON, and in KICK as the last message, of which there may be none', async (t) => {
    const scene = await InnerScene.create(t);
    const client = await scene.client();
    const clients = [scene.join(), scene.join(), scene.join(), scene.join()];
    const [ann, bob, cid, dan] = clients.map(({ id }) => id);
    client.send(
      { command: Command.SEND_TO_ONE, connectionId: ann, ...php({ say: '你/好', list: [1, 2.5, null] }) },
      { command: Command.SEND_TO_ONE, connectionId: ann, ...php(null) },
      { command: Command.SEND_TO_ALL, ...php([]) },
      { command: Command.KICK, connectionId: ann, ...php(['bye']) },
      { command: Command.KICK, connectionId: bob, ...php(null) },
      { command: Command.KICK, connectionId: cid, body: '' },
      { command: Command.KICK, connectionId: dan, body: 'bye' },
    );
    await client.settled();
    assert.deepEqual(
      clients.map(({ transport }) => [transport.written, transport.ending]),
      [
        ['{"say":"你\\/好","list":[1,2.5,null]}\nnull\n[]\n["bye"]\n', 'closed'],
        ['[]\n', 'closed'],
        ['[]\n\n', 'closed'],
        ['[]\nbye\n', 'closed'],
      ],
    );
  });

  it('a websocket handshake is given to each worker in its own terms', async (t) => {
    const scene = await InnerScene.create(t);
    const headers = { host: 'chat.example', cookie: 'k=%20' };
    const request = { method: 'GET', url: '/?a[]=1', httpVersion: '1.1', headers, subprotocol: '' };
    const handshakes: Buffer[] = [];
    for (const come of [() => scene.phpWorker(), () => scene.nodeWorker()]) {
      const worker = await come();
      scene.gateway.clients.opened(new FakeTransport(), request);
      await worker.nextFrame();
      const event = await worker.nextFrame();
      assert.equal(event.command, Command.ON_WEBSOCKET_CONNECT);
      handshakes.push(Buffer.from(event.body));
      worker.socket.destroy();
      while (scene.gateway.peers.length > 0) await new Promise((resolve) => void setImmediate(resolve));
    }
    const [forPhp, forOurs] = handshakes;
    const { get, cookie } = toPlain(unserialize(forPhp)) as Record<string, unknown>;
    assert.deepEqual([get, cookie], [{ a: ['1'] }, { k: '%20' }]);
    assert.throws(() => unserialize(forOurs), { code: 'GW_SERIALIZE' });
    assert.deepEqual(decodeHandshake(forOurs), decodeHandshake(forPhp));
  });
});
