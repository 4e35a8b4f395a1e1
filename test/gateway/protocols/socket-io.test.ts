/**
 * Socket.IO's protocol as its specification has it: every case of the protocol's own test suite, played by a host that does what
 * that suite's server does, and what it leaves out.
 */
import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import type { ListenerOptions } from '#src/gateway/protocols/listener-context.js';
import type { Connection } from '#src/gateway/protocols/protocol.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { refusal } from '#src/wire/handshake-answer.js';
import { packNamed, unpackNamed } from '#src/wire/named-bytes.js';
import { PollingClient } from '../../support/polling-client.js';
import type { ProtocolHost } from '../../support/protocol-host.js';
import { WsClient, type WsMessage } from '../../support/ws-client.js';
import { open } from './opening.js';

const NAMESPACES = ['/', '/custom'];

interface Port {
  readonly host: ProtocolHost;
  readonly clock: ManualClock;
  readonly port: number;
}

async function openPort(t: TestContext, options: Partial<ListenerOptions> = {}): Promise<Port> {
  const clock = new ManualClock();
  const defaults = { clock, maxPackageSize: 1_000_000, socketIo: { namespaces: NAMESPACES } };
  const { host, listener } = await open(t, 'ws', { ...defaults, ...options });
  return { host, clock, port: listener.context.port };
}

/** A websocket that the engine has welcomed. */
async function engine({ port }: Port, options = {}): Promise<WsClient> {
  const url = `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`;
  const client = await WsClient.connect(url, options);
  assert.match(String(await client.next()), /^0\{/);
  return client;
}

/** One that is in the main namespace. */
async function enter(port: Port, options = {}): Promise<[Connection, WsClient]> {
  return await port.host.join(async () => {
    const client = await engine(port, options);
    client.send('40');
    assert.match(String(await client.next()), /^40\{"sid":"/);
    return client;
  });
}

/** Sends a client a named message, as the gateway does. */
function emit(connection: Connection, text: string, attachments: readonly Buffer[] = []): void {
  const binary = attachments.length > 0;
  const body = binary ? packNamed(text, attachments) : Buffer.from(text);
  const bytes = connection.protocol.encodeNamed?.(body, binary, connection);
  assert.ok(bytes);
  connection.write(bytes);
}

/** Sends every message back under another name, and answers what wants an answer with what it holds. */
function playServer(host: ProtocolHost): void {
  host.onMessage = ({ transport, data, binary }) => {
    const { text, attachments } = binary ? unpackNamed(data) : { text: data, attachments: [] };
    const { id, args } = JSON.parse(text.toString()) as { id?: number; args: unknown[] };
    const list = JSON.stringify(args);
    const answer =
      id === undefined ? `{"event":"message-back","args":${list}}` : `{"id":${id},"args":${list}}`;
    emit(transport, answer, [...attachments]);
  };
}

async function packets(client: WsClient, count: number): Promise<WsMessage[]> {
  const found: WsMessage[] = [];
  while (found.length < count) found.push(await client.next());
  return found;
}

describe('Socket.IO: a client comes in', () => {
  it('with its auth, to the main namespace and others', async (t) => {
    const port = await openPort(t);
    const client = await engine(port);
    client.send('40');
    assert.match(String(await client.next()), /^40\{"sid":"[^"]+"\}$/);
    client.send('40/custom,{"token":"abc"}');
    assert.match(String(await client.next()), /^40\/custom,\{"sid":"[^"]+"\}$/);
    const seen = port.host.handshakes.map((handshake) => [handshake?.namespace, handshake?.auth]);
    assert.deepEqual(seen, [
      ['/', undefined],
      ['/custom', '{"token":"abc"}'],
    ]);
    assert.match(String(port.host.handshakes[0]?.url), /^\/socket\.io\/\?EIO=4/);
    assert.deepEqual(
      port.host.clients.map(({ protocol }) => protocol.name),
      ['socket.io', 'socket.io'],
    );
    await client.close();
    await port.host.until('both to be gone', () => port.host.gone.length === 2);
  });

  it('by the name alone, whatever query a namespace has', async (t) => {
    const port = await openPort(t);
    const client = await engine(port);
    client.send('40/custom?token=abc,');
    assert.match(String(await client.next()), /^40\/custom,/);
    await client.close();
  });

  it('only to a namespace that there is', async (t) => {
    const port = await openPort(t);
    const client = await engine(port);
    client.send('40/random');
    assert.equal(await client.next(), '44/random,{"message":"Invalid namespace"}');
    client.send('40');
    assert.match(String(await client.next()), /^40\{/);
    await client.close();
    const any = await openPort(t, { socketIo: { namespaces: ['*'] } });
    const other = await engine(any);
    other.send('40/random');
    assert.match(String(await other.next()), /^40\/random,\{/);
    await other.close();
    const main = await openPort(t, { socketIo: true });
    const third = await engine(main);
    third.send('40/custom,');
    assert.equal(await third.next(), '44/custom,{"message":"Invalid namespace"}');
    await third.close();
  });

  it('in time, or is closed; and anew when it has left', async (t) => {
    const port = await openPort(t);
    const silent = await engine(port);
    port.clock.advance(25_000);
    silent.send('3');
    const [, client] = await enter(port);
    port.clock.advance(20_000);
    await silent.closed;
    client.send('3');
    client.send('41');
    await port.host.until('a client to leave', () => port.host.gone.length === 1);
    port.clock.advance(24_000);
    client.send('3');
    client.send('40');
    await port.host.until('it to be back', () => port.host.clients.length === 2);
    await client.close();
  });

  it('when it is asked about, and let in', async (t) => {
    const port = await openPort(t);
    port.host.asks = true;
    const client = await engine(port);
    client.send('40{"token":"x"}');
    await port.host.until('a question', () => port.host.arrivals.length === 1);
    const [arrival] = port.host.arrivals;
    const asked = JSON.parse(arrival.request.toString()) as Record<string, unknown>;
    const { namespace, auth, subprotocols, secure, remoteAddress } = asked;
    assert.deepEqual(
      { namespace, auth, subprotocols, secure, remoteAddress },
      { namespace: '/', auth: '{"token":"x"}', subprotocols: [], secure: false, remoteAddress: '127.0.0.1' },
    );
    const welcomed = arrival.welcome({});
    assert.equal(welcomed?.handshake.namespace, '/');
    welcomed?.connection.greet?.('the id');
    assert.equal(await client.next(), '40{"sid":"the id"}');
    await client.close();
  });

  it('when it is asked about, and is refused, and may ask again', async (t) => {
    const port = await openPort(t);
    port.host.asks = true;
    const client = await engine(port);
    const ask = async (): Promise<void> => {
      const { arrivals } = port.host;
      const { length } = arrivals;
      client.send('40');
      await port.host.until('a question', () => arrivals.length > length);
    };
    await ask();
    port.host.arrivals[0].refuse(refusal(401, 'Wrong token').refusal);
    assert.equal(await client.next(), '44{"message":"Wrong token","data":{"status":401}}');
    await ask();
    port.host.arrivals[1].refuse(refusal(403, '').refusal);
    assert.equal(await client.next(), '44{"message":"Forbidden","data":{"status":403}}');
    // what is over by itself is another matter: clients come back only when their connection ends
    await ask();
    port.host.arrivals[2].refuse(refusal(503, 'no worker').refusal);
    assert.deepEqual(await client.closed, { code: 1013, reason: 'no worker' });
  });

  it('or goes instead', async (t) => {
    const port = await openPort(t);
    port.host.asks = true;
    const client = await engine(port);
    client.send('40');
    client.send('40/custom,');
    await port.host.until('questions', () => port.host.arrivals.length === 2);
    client.send('41/custom,');
    await port.host.until('one to be withdrawn', () => port.host.away.length === 1);
    await client.close();
    await port.host.until('the other', () => port.host.away.length === 2);
    assert.equal(port.host.arrivals[0].welcome({}), undefined);
    port.host.arrivals[1].refuse(refusal(401, '').refusal);
  });

  it('unless the gateway is full: its connection ends, and it tries again', async (t) => {
    const port = await openPort(t);
    const client = await engine(port);
    port.host.admitting = false;
    client.send('40');
    assert.equal((await client.closed).code, 1013);
  });
});

describe('Socket.IO: a client leaves', () => {
  it('one namespace and not the other', async (t) => {
    const port = await openPort(t);
    playServer(port.host);
    const [, client] = await enter(port);
    client.send('40/custom');
    assert.match(String(await client.next()), /^40\/custom,/);
    client.send('41/custom');
    client.send('42/custom,["message","too late"]');
    client.send('42["message","message to main namespace"]');
    assert.equal(await client.next(), '42["message-back","message to main namespace"]');
    assert.deepEqual(port.host.gone, [port.host.clients[1]]);
    assert.deepEqual(port.host.ends, [{ code: 1000, reason: '', broken: false }]);
    await client.close();
  });

  it('when it is put out', async (t) => {
    const port = await openPort(t);
    playServer(port.host);
    const [main, client] = await enter(port);
    client.send('40/custom');
    await client.next();
    const [, custom] = port.host.clients;
    custom.close(4000, 'reason');
    custom.close();
    emit(custom, '{"event":"never"}');
    assert.equal(await client.next(), '41/custom,');
    assert.deepEqual(port.host.gone, [custom]);
    // it may ask again
    client.send('40/custom');
    assert.match(String(await client.next()), /^40\/custom,/);
    // where it is to come back its connection ends, since it would stay away otherwise
    main.close(1001, 'server is stopping');
    assert.deepEqual(await client.closed, { code: 1001, reason: 'server is stopping' });
    await port.host.until('all to be gone', () => port.host.gone.length === 3);
  });

  it('when its connection breaks, or is ended at once', async (t) => {
    const port = await openPort(t);
    const [, client] = await enter(port);
    client.socket.terminate();
    await port.host.until('it to be gone', () => port.host.gone.length === 1);
    const [second, other] = await enter(port);
    second.destroy();
    assert.equal((await other.closed).code, 1006);
    await port.host.until('it to be gone', () => port.host.gone.length === 2);
    assert.deepEqual(port.host.ends[1], { code: 1006, reason: '', broken: false });
  });
});

describe('Socket.IO: messages', () => {
  it('are events', async (t) => {
    const port = await openPort(t);
    playServer(port.host);
    const [, client] = await enter(port);
    client.send('42["message",1,"2",{"3":[true]}]');
    assert.equal(await client.next(), '42["message-back",1,"2",{"3":[true]}]');
    client.send('42456["message-with-ack",1,"2",{"3":[false]}]');
    assert.equal(await client.next(), '43456[1,"2",{"3":[false]}]');
    await client.close();
  });

  it('may have attachments', async (t) => {
    const port = await openPort(t);
    playServer(port.host);
    const [, client] = await enter(port);
    const both = '[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]';
    const parts = [Uint8Array.from([1, 2, 3]), Uint8Array.from([4, 5, 6])];
    const bytes = parts.map((part) => Buffer.from(part));
    client.send(`452-["message",${both.slice(1)}`);
    for (const part of parts) client.send(part);
    assert.deepEqual(await packets(client, 3), [`452-["message-back",${both.slice(1)}`, ...bytes]);
    client.send(`452-789["message-with-ack",${both.slice(1)}`);
    for (const part of parts) client.send(part);
    assert.deepEqual(await packets(client, 3), [`462-789${both}`, ...bytes]);
    await client.close();
  });

  it('come in as named messages', async (t) => {
    const port = await openPort(t);
    const [connection, client] = await enter(port);
    const sent: readonly (readonly [packet: string, text: string])[] = [
      ['42["none"]', '{"event":"none"}'],
      ['42["say",{"a":"b"}]', '{"event":"say","args":[{"a":"b"}]}'],
      ['42["q\\"\\\\",1]', '{"event":"q\\"\\\\","args":[1]}'],
      ['42["häöß€😀","日本"]', '{"event":"häöß€😀","args":["日本"]}'],
      ['42[ "spaces" , 1 ]', '{"event":"spaces","args":[ 1 ]}'],
      ['42[7,"number"]', '{"event":"7","args":["number"]}'],
      ['420["zero",null]', '{"id":0,"event":"zero","args":[null]}'],
      ['42007["leading"]', '{"id":7,"event":"leading"}'],
      ['4312["a",2]', '{"id":12,"args":["a",2]}'],
      ['4312[]', '{"id":12,"args":[]}'],
      ['450-["bytes",1]', '{"event":"bytes","args":[1]}'],
    ];
    for (const [packet] of sent) client.send(packet);
    client.send('461-3[{"_placeholder":true,"num":0}]');
    client.send(Uint8Array.from([1]));
    await port.host.until('all', () => port.host.messages.length === sent.length + 1);
    const texts = port.host.from(connection).map(String);
    assert.deepEqual(
      texts.slice(0, -1),
      sent.map(([, text]) => text),
    );
    const { text, attachments } = unpackNamed(port.host.messages[sent.length].data);
    assert.equal(String(text), '{"id":3,"args":[{"_placeholder":true,"num":0}]}');
    assert.deepEqual(attachments, [Buffer.from([1])]);
    await client.close();
  });

  it('go out as the events that they are', async (t) => {
    const port = await openPort(t);
    const [main, client] = await enter(port);
    client.send('40/custom');
    await client.next();
    const [, custom] = port.host.clients;
    const sent: readonly (readonly [text: string, packet: string])[] = [
      ['{"event":"none"}', '["none"]'],
      ['{"event":"said","data":{"a":"häöß€😀"}}', '["said",{"a":"häöß€😀"}]'],
      ['{"event":"said","args":[1,"2"]}', '["said",1,"2"]'],
      ['{"event":"said","args":[]}', '["said"]'],
      ['{"id":7,"event":"ask","data":1}', '7["ask",1]'],
      ['{"error":{"code":"GW_MESSAGE"}}', '["error",{"code":"GW_MESSAGE"}]'],
    ];
    for (const [text, packet] of sent) {
      emit(main, text);
      assert.equal(await client.next(), `42${packet}`);
      emit(custom, text);
      assert.equal(await client.next(), `42/custom,${packet}`);
    }
    const answers: readonly (readonly [text: string, packet: string])[] = [
      ['{"id":7}', '7[]'],
      ['{"id":7,"data":{"a":1}}', '7[{"a":1}]'],
      ['{"id":7,"args":[1,2]}', '7[1,2]'],
      ['{"id":7,"error":{"code":"GW_MESSAGE"}}', '7[{"error":{"code":"GW_MESSAGE"}}]'],
    ];
    for (const [text, packet] of answers) {
      emit(main, text);
      assert.equal(await client.next(), `43${packet}`);
    }
    emit(custom, '{"event":"file","data":{"_placeholder":true,"num":0}}', [Buffer.from([1, 2])]);
    const file = '451-/custom,["file",{"_placeholder":true,"num":0}]';
    assert.deepEqual(await packets(client, 2), [file, Buffer.from([1, 2])]);
    await client.close();
  });

  it('without a name are the event "message"', async (t) => {
    const port = await openPort(t);
    const [connection, client] = await enter(port);
    const { protocol } = connection;
    connection.write(protocol.encode(Buffer.from('a "text"\n'), false, connection));
    assert.equal(await client.next(), '42["message","a \\"text\\"\\n"]');
    connection.write(protocol.encode(Buffer.from([1, 2]), true, connection));
    const packet = '451-["message",{"_placeholder":true,"num":0}]';
    assert.deepEqual(await packets(client, 2), [packet, Buffer.from([1, 2])]);
    await client.close();
  });

  it('are encoded once for all who are in a namespace', async (t) => {
    const port = await openPort(t);
    const [first] = await enter(port);
    const [second] = await enter(port);
    const polling = new PollingClient(`http://127.0.0.1:${port.port}/socket.io/`);
    await polling.open();
    const [third] = await port.host.join(async () => await polling.post('40'));
    assert.equal(first.protocol, second.protocol);
    // what goes out by HTTP is made of the same bytes
    assert.equal(first.protocol, third.protocol);
    assert.ok(first.protocol.sharedEncoding);
  });

  it('go by HTTP as by a websocket', async (t) => {
    const port = await openPort(t);
    playServer(port.host);
    const client = new PollingClient(`http://127.0.0.1:${port.port}/socket.io/`);
    await client.open();
    await client.post('40', '42["message",1]', '451-7["x",{"_placeholder":true,"num":0}]', 'bAQID');
    const [entered, ...rest] = await client.poll();
    assert.match(entered, /^40\{"sid":/);
    assert.deepEqual(rest, ['42["message-back",1]', '461-7[{"_placeholder":true,"num":0}]', 'bAQID']);
  });

  it('may be compressed', async (t) => {
    const port = await openPort(t, { compression: { threshold: 50 } });
    playServer(port.host);
    const [long, client] = await enter(port, { perMessageDeflate: true });
    const [plain] = await enter(port, { perMessageDeflate: false });
    assert.notEqual(long.protocol, plain.protocol);
    // what is short is the same for both
    assert.equal(long.protocol.sameAs?.(10, 0), plain.protocol);
    const text = 'again '.repeat(1000);
    client.send(`42["message","${text}"]`);
    assert.equal(await client.next(), `42["message-back","${text}"]`);
    assert.ok(long.bytesOut < 2000);
    await client.close();
  });
});

describe('Socket.IO: what is none of its packets', () => {
  it('ends the connection', async (t) => {
    const port = await openPort(t);
    const wrong = [
      '4abc',
      '4',
      '42{}',
      '42abc["message-with-ack",1]',
      '42',
      '42[]',
      '42[null]',
      '42["cut off',
      '42["name"x]',
      '42999999999999999999["id"]',
      '43[1]',
      '437{}',
      '44{"message":"no client sends it"}',
      '45["no number"]',
      '451["no dash"]',
      '45-["no number"]',
      '459999-["too many"]',
      '47["type"]',
      '41{}',
      '40[]',
      '407',
      `40/${'n'.repeat(300)},`,
      '40',
    ];
    for (const packet of wrong) {
      const [connection, client] = await enter(port);
      client.send(packet);
      assert.equal((await client.closed).code, 1002, packet);
      await port.host.until('its end', () => port.host.gone.includes(connection));
    }
    assert.deepEqual(new Set(port.host.refusals.map(({ kind }) => kind)), new Set(['socket.io packet']));
    assert.equal(port.host.misbehaviour.length, wrong.length);
  });

  it('ends it where attachments are missing, too many or too long', async (t) => {
    const port = await openPort(t, { maxPackageSize: 1000 });
    const [, first] = await enter(port);
    first.send(Uint8Array.from([1]));
    assert.equal((await first.closed).code, 1002);
    const [, second] = await enter(port);
    second.send('452-["x"]');
    second.send(Uint8Array.from([1]));
    second.send('42["x"]');
    assert.equal((await second.closed).code, 1002);
    const [, third] = await enter(port);
    third.send('452-["x"]');
    third.send(new Uint8Array(600));
    third.send(new Uint8Array(600));
    assert.equal((await third.closed).code, 1002);
    assert.equal(port.host.misbehaviour.at(-1), 'limit');
  });
});

describe('Socket.IO: backpressure', () => {
  it('of one client holds up the connection that it shares, and no longer than that', async (t) => {
    const port = await openPort(t);
    const [main, client] = await enter(port);
    client.send('40/custom');
    await client.next();
    const [, custom] = port.host.clients;
    main.pause();
    custom.pause();
    custom.resume();
    client.send('42["waits"]');
    // whose message comes later than that
    const [, other] = await enter(port);
    other.send('42["other"]');
    await port.host.until('the other', () => port.host.messages.length === 1);
    assert.equal(String(port.host.messages[0].data), '{"event":"other"}');
    main.resume();
    await port.host.until('what waits', () => port.host.messages.length === 2);
    // one that leaves while it holds it up does so no more
    main.pause();
    main.close();
    client.send('42/custom,["on"]');
    await port.host.until('one more', () => port.host.messages.length === 3);
    await client.close();
    await other.close();
  });
});
