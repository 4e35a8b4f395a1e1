import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { Command, Flag } from '#src/wire/command.js';
import { packNamed } from '#src/wire/named-bytes.js';
import { SUBPROTOCOL } from '#src/wire/subprotocol.js';
import { GatewayScene, turn } from '../../support/gateway-scene.js';
import { WsClient, type WsMessage } from '../../support/ws-client.js';
import { open } from './opening.js';

/** More bytes than go out uncompressed. */
const LONG = 'long '.repeat(1000);
const text = JSON.stringify({
  event: 'picture',
  data: { name: LONG, bytes: { _placeholder: true, num: 0 } },
});
const packed = packNamed(text, [Buffer.from([1, 2, 3])]);
const plain = text.replace(/\{"_placeholder":true,"num":0\}/, '{"base64":"AQID"}');

async function join(t: TestContext, url: string, offered: string[]): Promise<WsClient> {
  const client = await WsClient.connect(url, {}, offered);
  t.after(() => client.socket.terminate());
  return client;
}

describe('the subprotocol gatewayworker.v1', { timeout: 20_000 }, () => {
  for (const compression of [false, true]) {
    it(`greets, and has named messages with bytes as they are${compression ? ', compressed' : ''}`, async (t) => {
      const listen = [{ url: 'ws://127.0.0.1:0', compression }];
      const scene = await GatewayScene.create(t, { listen });
      const worker = scene.addWorker();
      const [url] = scene.gateway.listeners;
      const ann = await join(t, url, [SUBPROTOCOL]);
      const ben = await join(t, url, [SUBPROTOCOL]);
      const old = await join(t, url, []);
      await worker.until(
        'all three',
        () => worker.events.filter((event) => event.startsWith('ON_W')).length === 3,
      );
      const sent = [
        { body: 'plain', flags: Flag.PLAIN_BODY },
        { body: LONG, flags: Flag.PLAIN_BODY },
        { body: Buffer.from([1, 2]), flags: Flag.PLAIN_BODY | Flag.BINARY },
        { body: '{"event":"said"}', flags: Flag.PLAIN_BODY | Flag.NAMED },
        { body: packed, flags: Flag.PLAIN_BODY | Flag.NAMED | Flag.BINARY },
      ];
      for (const { body, flags } of sent) worker.send({ command: Command.SEND_TO_ALL, body, flags });
      for (const client of [ann, ben]) {
        const { hello } = await client.nextJson<{ hello: { version: number; id: string } }>();
        const record = [...scene.gateway.directory.clients()].find(
          (one) => scene.gateway.clientIdOf(one) === hello.id,
        );
        assert.equal(record?.connection.remotePort, client.localPort);
        assert.equal(hello.version, 1);
      }
      const received = async (client: WsClient): Promise<WsMessage[]> => {
        const messages: WsMessage[] = [];
        while (messages.length < sent.length) messages.push(await client.next());
        return messages;
      };
      const common = ['plain', LONG, Buffer.from([1, 2]), '{"event":"said"}'];
      assert.deepEqual(await received(ann), [...common, packed]);
      assert.deepEqual(await received(ben), [...common, packed]);
      assert.deepEqual(await received(old), [...common, plain]);
      if (compression) assert.ok(ann.socket.extensions.includes('permessage-deflate'));
    });
  }

  it('shares what is encoded with those who have not chosen it', async (t) => {
    const scene = await GatewayScene.create(t, { listen: [{ url: 'ws://127.0.0.1:0', compression: true }] });
    const worker = scene.addWorker();
    const [url] = scene.gateway.listeners;
    for (const offered of [[SUBPROTOCOL], []]) await join(t, url, offered);
    await worker.until('both', () => worker.events.filter((event) => event.startsWith('ON_W')).length === 2);
    const written: Buffer[] = [];
    for (const { connection } of scene.gateway.directory.clients()) {
      t.mock.method(connection, 'write', (bytes: Buffer) => void written.push(bytes));
    }
    worker.send({ command: Command.SEND_TO_ALL, body: LONG });
    worker.send({
      command: Command.SEND_TO_ALL,
      body: '{"event":"said"}',
      flags: Flag.PLAIN_BODY | Flag.NAMED,
    });
    await turn();
    await turn();
    assert.equal(written.length, 2);
    assert.equal(written[0], written[1]);
  });

  it('takes a binary message as one with a name if it has the form of one, from whom it was agreed with', async (t) => {
    const { host, listener } = await open(t, 'ws');
    const short = packNamed('{"event":"e","data":{"_placeholder":true,"num":0}}', [Buffer.from([1])]);
    const messages = [
      short,
      short.subarray(0, -1),
      Buffer.concat([short, Buffer.from([0])]),
      Buffer.alloc(0),
      Buffer.from('any'),
      packNamed('{"event":"e"}', Array<Buffer>(1000).fill(Buffer.alloc(0))),
      packNamed('{"event":"e"}', Array<Buffer>(1001).fill(Buffer.alloc(0))),
    ];
    for (const offered of [[SUBPROTOCOL], []]) {
      const socket = new WebSocket(listener.context.url, offered);
      await once(socket, 'open');
      for (const message of messages) socket.send(message);
      socket.send(short, { binary: false });
    }
    await host.until('all', () => host.messages.length === 16);
    const [agreed, other] = host.clients.map((client) =>
      host.messages.filter(({ transport }) => transport === client).map(({ named = false }) => named),
    );
    assert.deepEqual(agreed, [true, false, false, false, false, true, false, false]);
    assert.deepEqual(other, Array(8).fill(false));
  });

  it('is agreed on where onHandshake says nothing else', async (t) => {
    const { host, listener } = await open(t, 'ws');
    host.asks = true;
    const offered = [SUBPROTOCOL, 'other'];
    const first = WsClient.connect(listener.context.url, {}, offered);
    await host.until('the first', () => host.arrivals.length === 1);
    const welcomed = host.arrivals[0].welcome({});
    assert.equal(welcomed?.handshake.subprotocol, SUBPROTOCOL);
    assert.equal((await first).socket.protocol, SUBPROTOCOL);
    const second = WsClient.connect(listener.context.url, {}, offered);
    await host.until('the second', () => host.arrivals.length === 2);
    host.arrivals[1].welcome({ subprotocol: 'other' });
    assert.equal((await second).socket.protocol, 'other');
    for (const client of [await first, await second]) client.socket.terminate();
  });
});
