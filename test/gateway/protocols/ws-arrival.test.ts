import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { decodeHandshakeRequest } from '#src/wire/handshake.js';
import { Opcode, ws as wsFormat, wsFrame } from './formats.js';
import { open, tls } from './opening.js';

const handshake = wsFormat.handshake as string;

/** A websocket that has asked to come in and waits. */
async function arrive(t: TestContext, scheme: string, request = handshake) {
  const { host, listener } = await open(t, scheme, scheme === 'wss' ? { tls } : {});
  host.asks = true;
  const { hostname, port } = new URL(listener.context.url);
  const socket: Socket =
    scheme === 'wss'
      ? connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false })
      : connect(Number(port), hostname);
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  socket.write(request);
  return { host, socket };
}

/** The head of an answer. */
async function head(socket: Socket): Promise<string[]> {
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes.toString().split('\r\n\r\n')[0].split('\r\n');
}

for (const scheme of ['ws', 'wss']) {
  describe(`a ${scheme} handshake that waits for an answer`, { timeout: 20_000 }, () => {
    it('is welcomed with what it was granted, and what the client sent before is handled', async (t) => {
      const request = handshake.replace(
        '\r\n\r\n',
        '\r\nSec-WebSocket-Protocol: a, b\r\nCookie: c=d\r\n\r\n',
      );
      const early = Array.from({ length: 40 }, (_, index) => Buffer.alloc(30_000, `${index} `));
      const frames = early.map((message) => wsFrame(Opcode.text, message));
      const { host, socket } = await arrive(t, scheme, request);
      for (const frame of frames) socket.write(frame);
      await host.until('the arrival', () => host.arrivals.length === 1);
      const [arrival] = host.arrivals;
      const asked = decodeHandshakeRequest(arrival.request);
      assert.deepEqual(asked.subprotocols, ['a', 'b']);
      assert.deepEqual({ ...asked.cookies }, { c: 'd' });
      assert.equal(asked.secure, scheme === 'wss');
      assert.equal(asked.remotePort, socket.localPort);
      assert.equal(asked.gatewayPort, arrival.listener.port);

      const answered = head(socket);
      const opened = arrival.welcome({
        subprotocol: 'b',
        headers: [
          ['Set-Cookie', 'e=f'],
          ['Set-Cookie', 'g=h'],
        ],
      });
      assert.ok(opened);
      assert.equal(opened.handshake.subprotocol, 'b');
      const lines = await answered;
      assert.equal(lines[0], 'HTTP/1.1 101 Switching Protocols');
      for (const line of ['Sec-WebSocket-Protocol: b', 'Set-Cookie: e=f', 'Set-Cookie: g=h']) {
        assert.ok(lines.includes(line), line);
      }
      await host.until('all messages', () => host.messages.length === early.length);
      assert.deepEqual(host.from(opened.connection), early);
      assert.deepEqual(host.away, []);
    });

    it('is refused with status, text and headers', async (t) => {
      const { host, socket } = await arrive(t, scheme);
      await host.until('the arrival', () => host.arrivals.length === 1);
      host.arrivals[0].refuse({
        status: 401,
        text: 'Wrong token',
        headers: [['WWW-Authenticate', 'Bearer']],
      });
      const answer = await text(socket);
      assert.match(answer, /^HTTP\/1\.1 401 Unauthorized\r\n/);
      assert.match(answer, /\r\nWWW-Authenticate: Bearer\r\n/);
      assert.match(answer, /\r\n\r\nWrong token\n$/);
      assert.deepEqual(host.away, []);
    });

    it('is forgotten when the client hangs up', async (t) => {
      for (const hangUp of [
        (one: Socket) => one.end(),
        (one: Socket) => (scheme === 'ws' ? one.resetAndDestroy() : one.destroy()),
      ]) {
        const { host, socket } = await arrive(t, scheme);
        await host.until('the arrival', () => host.arrivals.length === 1);
        hangUp(socket);
        await host.until('its end', () => host.away.length === 1);
        assert.deepEqual(host.away, host.arrivals);
        assert.equal(host.arrivals[0].welcome({}), undefined);
      }
    });
  });
}

describe('handshakes that wait', { timeout: 20_000 }, () => {
  it('are answered in any order, each with what is its own', async (t) => {
    const { host, listener } = await open(t, 'ws', { compression: true });
    host.asks = true;
    const { hostname, port } = new URL(listener.context.url);
    const requests = [
      handshake
        .replace('Upgrade: websocket', 'Upgrade: h2c, websocket')
        .replace(/\r\n\r\n$/, '\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n'),
      handshake,
    ];
    const answers: Promise<string[]>[] = [];
    for (const request of requests) {
      const socket = connect(Number(port), hostname);
      t.after(() => socket.destroy());
      socket.write(request);
      answers.push(head(socket));
      await host.until('the arrival', () => host.arrivals.length === answers.length);
    }
    const opened = [1, 0].map((index) =>
      host.arrivals[index].welcome({ headers: [['X-Number', String(index)]] }),
    );
    assert.equal(opened[1]?.handshake.headers.upgrade, 'h2c, websocket');
    const own = (await Promise.all(answers)).map((lines) =>
      lines.filter((line) => /^(?:X-|Sec-WebSocket-E)/.test(line)).toSorted(),
    );
    const agreed = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
    assert.deepEqual(own, [[`Sec-WebSocket-Extensions: ${agreed}`, 'X-Number: 0'], ['X-Number: 1']]);
  });
});

describe('a handshake', { timeout: 20_000 }, () => {
  for (const [what, from, to] of [
    ['without a key', /Sec-WebSocket-Key: .*\r\n/, ''],
    ['of another version', /Version: 13/, 'Version: 7'],
    ['with subprotocols that are none', /\r\n\r\n$/, '\r\nSec-WebSocket-Protocol: a,,b\r\n\r\n'],
  ] as const) {
    it(`${what} is refused without being asked about`, async (t) => {
      const { host, socket } = await arrive(t, 'ws', handshake.replace(from, to));
      assert.match(await text(socket), /^HTTP\/1\.1 400 /);
      assert.deepEqual(host.arrivals, []);
    });
  }

  it('of a foreign page is refused without being asked about', async (t) => {
    const request = handshake.replace('\r\n\r\n', '\r\nOrigin: https://evil.example\r\n\r\n');
    const { host, socket } = await arrive(t, 'ws', request);
    assert.match(await text(socket), /^HTTP\/1\.1 403 /);
    assert.deepEqual(host.arrivals, []);
  });
});
