import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import type { ListenerOptions } from '#src/gateway/protocols/listener-context.js';
import type { Connection } from '#src/gateway/protocols/protocol.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { Opcode, ws as wsFormat, wsFrame } from './formats.js';
import { open, tls } from './opening.js';
import { StreamPeer } from './peer.js';

/** Any short frame's payload. */
function anyFrame(bytes: Buffer): { length: number; message: Buffer } | undefined {
  const length = bytes.length < 2 ? Infinity : 2 + bytes[1];
  return length > bytes.length ? undefined : { length, message: bytes.subarray(2, length) };
}

/** A client that understands websockets, in place of the conformance suite's own. */
async function join(t: TestContext, options: Partial<ListenerOptions> = {}) {
  const { host, listener } = await open(t, 'ws', options);
  const [transport, client] = await host.join(async () => {
    const ws = new WebSocket(`${listener.context.url}/chat?room=1`, { headers: { cookie: 'a=b' } });
    await once(ws, 'open');
    return ws;
  });
  return { host, transport, client, url: listener.context.url };
}

async function joinRaw(t: TestContext, options: Partial<ListenerOptions> = {}) {
  const { host, listener } = await open(t, 'ws', options);
  // shows close frames as messages
  const format = {
    ...wsFormat,
    unpack(bytes: Buffer) {
      const found = wsFormat.unpack(bytes);
      return found?.reply ? { length: found.length, message: bytes.subarray(2, found.length) } : found;
    },
  };
  const [transport, peer] = await host.join(() => StreamPeer.connect(listener.context.url, format));
  t.after(() => peer.destroy());
  return { host, transport, peer };
}

function send(transport: Connection, message: Buffer, binary: boolean): void {
  transport.write(transport.protocol.encode(message, binary, transport));
}

describe('websocket messages', { timeout: 20_000 }, () => {
  for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 200_000]) {
    it(`carries ${length} bytes as text and as binary, and keeps the two apart`, async (t) => {
      const { host, transport, client } = await join(t);
      const message = Buffer.alloc(length, 'gateway');
      for (const binary of [false, true]) {
        const arrived = once(client, 'message');
        send(transport, message, binary);
        assert.deepEqual(await arrived, [message, binary]);
        client.send(message, { binary });
      }
      await host.until('both messages', () => host.messages.length === 2);
      assert.deepEqual(host.messages, [
        { transport, data: message, binary: false },
        { transport, data: message, binary: true },
      ]);
    });
  }

  it('joins fragments, and hears a ping between them', async (t) => {
    const { host, transport, peer } = await joinRaw(t);
    peer.write(wsFrame(Opcode.text, Buffer.from('one '), false));
    peer.write(wsFrame(Opcode.ping, Buffer.from('still there?')));
    peer.write(wsFrame(Opcode.continuation, Buffer.from('two '), false));
    peer.write(wsFrame(Opcode.continuation, Buffer.from('three')));
    await peer.until('the pong', () => peer.messages.length === 1);
    await host.until('the message', () => host.messages.length === 1);
    assert.deepEqual(peer.messages, [Buffer.from('still there?')]);
    assert.deepEqual(host.signs, [transport]);
    assert.deepEqual(host.messages, [{ transport, data: Buffer.from('one two three'), binary: false }]);
  });
});

describe('a websocket client that resets its connection during the handshake', { timeout: 20_000 }, () => {
  it('comes and goes, with the address that it had', async (t) => {
    const { host, listener } = await open(t, 'ws');
    const { hostname, port } = new URL(listener.context.url);
    const socket = connect(Number(port), hostname);
    host.onAdmits = () => void socket.resetAndDestroy();
    socket.write(wsFormat.handshake as string);
    await host.until('the end', () => host.gone.length === 1);
    assert.deepEqual(host.clients, host.gone);
    assert.equal(host.clients[0].remoteAddress, '127.0.0.1');
  });
});

describe('websocket ping', { timeout: 20_000 }, () => {
  for (const scheme of ['ws', 'wss']) {
    it(`${scheme}: of a client that reads is answered, however many come at once, between whatever else`, async (t) => {
      const { host, listener } = await open(t, scheme, scheme === 'wss' ? { tls } : {});
      const format = { ...wsFormat, tls: scheme === 'wss', unpack: anyFrame };
      const [transport, peer] = await host.join(() => StreamPeer.connect(listener.context.url, format));
      t.after(() => peer.destroy());
      const frames = Array.from({ length: 1000 }, (_, n) => [
        wsFrame(Opcode.ping, Buffer.from(`${n}`)),
        wsFrame(Opcode.pong, Buffer.alloc(125)),
        wsFrame(n === 0 ? Opcode.text : Opcode.continuation, Buffer.from('.'), n === 999),
      ]);
      peer.write(Buffer.concat(frames.flat()));
      await peer.until('all pongs', () => peer.messages.length === 1000);
      await host.until('the message', () => host.messages.length === 1);
      assert.deepEqual(
        peer.messages.map(String),
        Array.from({ length: 1000 }, (_, n) => `${n}`),
      );
      assert.deepEqual(host.from(transport), [Buffer.alloc(1000, '.')]);
      assert.deepEqual([host.gone, host.refusals], [[], []]);
    });
  }

  it('is answered by the client, which is a sign of life and no message', async (t) => {
    const { host, transport, client } = await join(t);
    const [pinged] = [once(client, 'ping')];
    transport.ping();
    assert.deepEqual(await pinged, [Buffer.alloc(0)]);
    await host.until('the pong', () => host.signs.length === 1);
    assert.deepEqual([host.signs, host.messages], [[transport], []]);
  });
});

describe('websocket handshake', { timeout: 20_000 }, () => {
  it('is handed over', async (t) => {
    const { host } = await join(t);
    const [handshake] = host.handshakes;
    assert.equal(handshake?.url, '/chat?room=1');
    assert.equal(handshake?.method, 'GET');
    assert.equal(handshake?.httpVersion, '1.1');
    assert.equal(handshake?.headers.cookie, 'a=b');
  });

  for (const [configured, offered, chosen] of [
    [undefined, ['chat', 'v2.chat'], ''],
    [['mqtt'], ['chat', 'v2.chat'], ''],
    [['v2.chat', 'chat'], ['other', 'chat', 'v2.chat'], 'chat'],
    [['chat'], [], ''],
    [undefined, ['chat', 'gatewayworker.v1'], 'gatewayworker.v1'],
    [['chat'], ['gatewayworker.v1', 'chat'], 'gatewayworker.v1'],
    [['chat'], ['chat', 'gatewayworker.v1'], 'chat'],
    [undefined, ['gatewayworker.v2'], ''],
  ] as const) {
    it(`of ${offered.join(', ') || 'none'} agrees on ${chosen || 'none'} where ${configured?.join(', ') ?? 'none'} is configured`, async (t) => {
      const { host, listener } = await open(t, 'ws', { subprotocols: configured });
      const lines = offered.length === 0 ? '' : `Sec-WebSocket-Protocol: ${offered.join(', ')}\r\n\r\n`;
      const request = (wsFormat.handshake as string).replace(/\r\n$/, lines || '\r\n');
      const [, answer] = await host.join(() => answerTo(t, listener.context.url, request));
      assert.match(answer, /^HTTP\/1\.1 101 /);
      const named = /^Sec-WebSocket-Protocol: (.*)$/im.exec(answer)?.[1] ?? '';
      assert.deepEqual([named, host.handshakes[0]?.subprotocol], [chosen, chosen]);
    });
  }

  for (const upgrade of ['websocket, h2c', 'h2c,WebSocket', 'WEBSOCKET']) {
    it(`is one when the request would like to switch to ${upgrade}`, async (t) => {
      const { host, listener } = await open(t, 'ws');
      const request = (wsFormat.handshake as string).replace('Upgrade: websocket', `Upgrade: ${upgrade}`);
      const [, answer] = await host.join(() => answerTo(t, listener.context.url, request));
      assert.match(answer, /^HTTP\/1\.1 101 /);
      assert.equal(host.handshakes[0]?.headers.upgrade, upgrade);
    });
  }

  for (const [what, from, to] of [
    ['without a key', 'Sec-WebSocket-Key', 'X-Key'],
    ['of another version', 'Version: 13', 'Version: 7'],
    ['that is no GET', 'GET', 'PUT'],
  ]) {
    it(`${what} is answered 400, and reported`, async (t) => {
      const { host, listener } = await open(t, 'ws');
      const answer = await ask(t, listener.context.url, (wsFormat.handshake ?? '').replace(from, to));
      assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
      assert.match(answer, /Sec-WebSocket-Version: 13\r\n/);
      assert.deepEqual([host.refusals[0].kind, host.refusals.length], ['ws handshake', 1]);
      assert.equal(host.refusals[0].remoteAddress, '127.0.0.1');
    });
  }

  it('is answered 503 while the host does not admit', async (t) => {
    const { host, listener } = await open(t, 'ws');
    host.admitting = false;
    assert.match(
      await ask(t, listener.context.url, wsFormat.handshake ?? ''),
      /^HTTP\/1\.1 503 Service Unavailable\r\n/,
    );
    assert.deepEqual([host.clients, host.refusals], [[], []]);
  });
});

describe('websocket close', { timeout: 20_000 }, () => {
  for (const [kind, what, frame, message] of [
    ['ws 1007', 'text that is no UTF-8', wsFrame(Opcode.text, Buffer.from([0xff])), /UTF-8/],
    ['ws 1002', 'an unmasked frame', Buffer.from([0x81, 1, 97]), /MASK/],
    ['ws 1002', 'a reserved opcode', wsFrame(3, Buffer.alloc(0)), /opcode/],
    ['ws 1002', 'a long ping', wsFrame(Opcode.ping, Buffer.alloc(126)), /length/],
    // only the header: it is not waited for the rest
    [
      'ws 1009',
      'a message that is too long',
      wsFrame(Opcode.text, Buffer.alloc(1_001)).subarray(0, 8),
      /size/,
    ],
  ] as const) {
    it(`says ${kind} to ${what}`, async (t) => {
      const { host, transport, peer } = await joinRaw(t, { maxPackageSize: 1_000 });
      peer.write(frame);
      await peer.until('the close frame', () => peer.messages.length === 1);
      assert.equal(peer.messages[0].readUInt16BE(), Number(kind.slice(3)));
      assert.deepEqual([host.refusals.length, host.refusals[0].kind], [1, kind]);
      assert.match(host.refusals[0].message, message);
      send(transport, Buffer.from('nothing may follow a close frame'), false);
      peer.end();
      await host.until('the end', () => host.gone.length === 1);
      assert.equal(peer.messages.length, 1);
    });
  }

  it('says 1009 to fragments that are too long together', async (t) => {
    const { host, peer } = await joinRaw(t, { maxPackageSize: 1_000 });
    peer.write(wsFrame(Opcode.text, Buffer.alloc(600, 'x'), false));
    peer.write(wsFrame(Opcode.continuation, Buffer.alloc(600, 'x')));
    await peer.until('the close frame', () => peer.messages.length === 1);
    assert.equal(peer.messages[0].readUInt16BE(), 1009);
    assert.equal(host.refusals[0].kind, 'ws 1009');
  });

  it('tells the client code and reason', async (t) => {
    const { transport, client } = await join(t);
    const closed = once(client, 'close');
    transport.close(4001, 'kicked');
    assert.deepEqual(await closed, [4001, Buffer.from('kicked')]);
  });

  it('is 1000 by default', async (t) => {
    const { transport, client } = await join(t);
    const closed = once(client, 'close');
    transport.close();
    assert.deepEqual(await closed, [1000, Buffer.alloc(0)]);
  });

  it('does not wait for long for a client that does not answer', async (t) => {
    const clock = new ManualClock();
    const { host, transport, peer } = await joinRaw(t, { clock });
    transport.close();
    await peer.until('the close frame', () => peer.messages.length === 1);
    clock.advance(4_999);
    assert.equal(peer.closed, false);
    clock.advance(1);
    await host.until('the end', () => host.gone.length === 1);
    assert.equal(clock.timers, 0);
  });

  it('leaves no timer behind a client that answers', async (t) => {
    const clock = new ManualClock();
    const { host, transport, client } = await join(t, { clock });
    transport.close();
    assert.equal(clock.timers, 1);
    await once(client, 'close');
    await host.until('the end', () => host.gone.length === 1);
    assert.equal(clock.timers, 0);
  });

  it('says 1013 to a client that comes while there is no worker', async (t) => {
    const { host, listener } = await open(t, 'ws');
    host.admits = () => 'unavailable';
    const client = new WebSocket(listener.context.url);
    assert.deepEqual(await once(client, 'close'), [1013, Buffer.from('no worker')]);
    assert.deepEqual([host.clients, host.gone], [[], []]);
  });
});

describe('websocket connection', { timeout: 20_000 }, () => {
  it('has one write per call, message and header together', async (t) => {
    const { transport, client } = await join(t);
    const arrived = once(client, 'message');
    const frame = transport.protocol.encode(Buffer.from('hello'), false, transport);
    assert.deepEqual(frame, Buffer.from([0x81, 5, ...Buffer.from('hello')]));
    transport.write(frame);
    assert.deepEqual(await arrived, [Buffer.from('hello'), false]);
  });

  it('shows what the client has not taken', async (t) => {
    const { transport, client } = await join(t);
    client.pause();
    const message = Buffer.alloc(8 * 1024 * 1024);
    send(transport, message, true);
    assert.ok(transport.bufferedBytes > 1024 * 1024);
    const arrived = once(client, 'message');
    client.resume();
    assert.deepEqual((await arrived)[0].length, message.length);
  });
});

/** The head of the answer to a handshake. */
async function answerTo(t: TestContext, url: string, request: string): Promise<string> {
  const peer = await StreamPeer.connect(url, {
    pack: (message) => message,
    unpack: (bytes) => ({ length: bytes.length, message: bytes }),
  });
  t.after(() => peer.destroy());
  peer.write(Buffer.from(request));
  const answer = (): string => Buffer.concat(peer.messages).toString();
  await peer.until('the answer', () => answer().endsWith('\r\n\r\n'));
  return answer();
}

/** Sends bytes to a port, and returns all that comes back. */
async function ask(t: TestContext, url: string, request: string): Promise<string> {
  const peer = await StreamPeer.connect(url, {
    pack: (message) => message,
    unpack: (bytes) => ({ length: bytes.length, message: bytes }),
  });
  t.after(() => peer.destroy());
  peer.write(Buffer.from(request));
  await peer.until('the end of the answer', () => peer.ended);
  return Buffer.concat(peer.messages).toString();
}
