/**
 * What strangers may send to a port that speaks Socket.IO: packets that were damaged, attachments that never come, ids out of
 * range, namespaces by the thousand, connections without a use. MUTATIONS=200000 takes some minutes.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SOCKET_IO } from '#src/config/socket-io.js';
import { ListenerContext } from '#src/gateway/protocols/listener-context.js';
import { PacketReader } from '#src/gateway/protocols/socketio/socket-io-packet.js';
import { SocketIoServer } from '#src/gateway/protocols/socketio/socket-io-server.js';
import { openWsListener } from '#src/gateway/protocols/ws.js';
import { unpackNamed } from '#src/wire/named-bytes.js';
import { sliceNamed } from '#src/wire/named-message.js';
import { PollingClient } from '../../support/polling-client.js';
import { ProtocolHost } from '../../support/protocol-host.js';
import { SeededRandom } from '../../support/random.js';
import { WsClient } from '../../support/ws-client.js';
import { open } from './opening.js';

const SEED = Number(process.env['GW_SEED'] ?? 20261128);
const MUTATIONS = Number(process.env.MUTATIONS ?? 1_000);
const random = new SeededRandom(SEED);
/** Of each connection, most of which do not get so far. */
const PACKETS = 20;

const SOUND: readonly string[] = [
  '40',
  '40/admin,{"token":"x"}',
  '41',
  '41/admin,',
  '42["say","hello",{"a":[1,2,3]}]',
  '42/admin,["say"]',
  '4212["join",{"room":"häöß€"}]',
  '4312[{"people":3}]',
  '451-["file",{"_placeholder":true,"num":0}]',
  '462-/admin,7[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
  '3',
  '6',
];
const PIECES = [
  '9',
  '-1',
  '99999999999999999999',
  '[',
  ']',
  '{',
  '"',
  '\\',
  ',',
  '/',
  '-',
  '4',
  '5',
  '\x1e',
  '\0',
];

/** A packet with some damage. */
function damaged(): string {
  let packet = SOUND[random.below(SOUND.length)];
  for (let damage = random.below(4); damage > 0; damage--) {
    const at = random.below(packet.length + 1);
    const piece = PIECES[random.below(PIECES.length)];
    const until = at + random.below(4);
    packet = [
      () => packet.slice(0, at),
      () => packet.slice(0, at) + packet.slice(until),
      () => packet.slice(0, at) + piece + packet.slice(at),
      () => packet.slice(0, at) + piece + packet.slice(until),
      () => packet.slice(0, at) + packet.slice(Math.max(0, at - 5)),
    ][random.below(5)]();
  }
  return packet;
}

/** What reaches a worker has the form that it is said to have. */
function expectForm(host: ProtocolHost): void {
  host.onMessage = ({ data, binary }) => {
    const text = binary ? unpackNamed(data).text : data;
    assert.ok(sliceNamed(text), `seed ${SEED}: ${data.toString()}`);
  };
}

describe('hostile clients of Socket.IO', () => {
  it(`send ${MUTATIONS} damaged packets by websocket and by HTTP (seed ${SEED})`, {
    timeout: 1_200_000,
  }, async (t) => {
    const { host, listener } = await open(t, 'ws', {
      maxPackageSize: 10_000,
      socketIo: { namespaces: ['*'] },
    });
    const { port } = listener.context;
    expectForm(host);
    let sent = 0;
    const byWebsocket = async (): Promise<void> => {
      while (sent < MUTATIONS) {
        const client = await WsClient.connect(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
        client.send('40');
        for (let count = 0; count < PACKETS; count++) {
          sent++;
          client.send(damaged());
          if (random.below(4) === 0) client.send(Buffer.alloc(random.below(2_000), 7));
        }
        await client.close();
      }
    };
    const byHttp = async (): Promise<void> => {
      while (sent < MUTATIONS) {
        const client = new PollingClient(`http://127.0.0.1:${port}/socket.io/`);
        await client.open();
        const packets = Array.from({ length: PACKETS }, damaged);
        sent += PACKETS;
        await client.post('40', ...packets);
        // what is still there goes with this
        await client.post('1');
      }
    };
    await Promise.all([byWebsocket(), byWebsocket(), byHttp()]);
    await host.until('all to be gone', () => host.gone.length === host.clients.length);
    assert.ok(host.messages.length > 0);
    assert.ok(host.refusals.length > 0);
    assert.equal(listener.context.connections, 0);
  });

  it('send fifty damaged packets for each of those, as they are read', () => {
    const reader = new PacketReader();
    let read = 0;
    for (let count = 0; count < MUTATIONS * 50; count++) {
      const packet = Buffer.from(damaged().slice(1));
      if (!reader.read(packet) || reader.type < 2) continue;
      read++;
      assert.ok(Number.isSafeInteger(reader.id) && reader.attachments <= 1_000);
      const message = reader.named(packet);
      if (message !== undefined) assert.ok(sliceNamed(message), `seed ${SEED}: ${packet.toString()}`);
    }
    assert.ok(read > MUTATIONS * 5);
  });

  it('ask for namespaces by the thousand', async (t) => {
    const { host, listener } = await open(t, 'ws', { socketIo: { namespaces: ['*'] } });
    const url = `ws://127.0.0.1:${listener.context.port}/socket.io/?EIO=4&transport=websocket`;
    const client = await WsClient.connect(url);
    for (let count = 0; count < 2_000; count++) client.send(`40/n${count},`);
    await client.next();
    let refused = 0;
    for (let count = 0; count < 2_000; count++) {
      if (String(await client.next()).startsWith('44/')) refused++;
    }
    assert.deepEqual([host.clients.length, refused], [32, 2_000 - 32]);
    // who leaves makes room
    client.send('41/n0,');
    client.send('40/another,');
    assert.match(String(await client.next()), /^40\/another,/);
    await client.close();
    await host.until('all to be gone', () => host.gone.length === 33);
  });

  it('open connections that have no use: the oldest goes', async (t) => {
    const host = new ProtocolHost();
    const options = {
      url: 'ws://127.0.0.1:0',
      maxPackageSize: 1_000,
      udpIdleTimeout: 60,
      maxConnectionsPerAddress: 4,
    };
    const context = new ListenerContext(options, host);
    const listener = await openWsListener(context, SocketIoServer.open(context, SOCKET_IO, undefined, 2));
    t.after(async () => await listener.close());
    const url = `http://127.0.0.1:${context.port}/socket.io/`;
    const clients = [new PollingClient(url), new PollingClient(url), new PollingClient(url)];
    for (const client of clients) await client.open();
    assert.deepEqual(
      host.refusals.map(({ kind }) => kind),
      ['socket.io idle'],
    );
    const [first, second, third] = clients;
    assert.equal((await first.get()).status, 400);
    // whoever is in a namespace stays, and counts as one of its address
    await second.post('40');
    const [fourth, fifth] = [new PollingClient(url), new PollingClient(url)];
    await fourth.open();
    await fifth.open();
    assert.deepEqual(await second.poll(), ['40{"sid":"client 1"}']);
    assert.equal((await third.get()).status, 400);
  });
});
