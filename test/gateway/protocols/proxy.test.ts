import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { type TestContext, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { ForwardedHeaders } from '#src/gateway/protocols/forwarded.js';
import type { ListenerOptions } from '#src/gateway/protocols/listener-context.js';
import { TrustedProxies } from '#src/gateway/protocols/trusted-proxies.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { WsClient } from '../../support/ws-client.js';
import { frame, tcp, text, withTls, ws } from './formats.js';
import { dial, exchange, rest } from './http-peer.js';
import { open, tls } from './opening.js';
import { StreamPeer } from './peer.js';

const V1 = 'PROXY TCP4 203.0.113.7 10.0.0.1 8080 443\r\n';
/** Everything that a proxy can say, with TLVs. */
const V2 = Buffer.concat([
  Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'),
  Buffer.from(`2121002a20010db8${'0'.repeat(23)}1${'0'.repeat(31)}1ffff01bb040003000000`, 'hex'),
]);
const HOUR = 3_600_000;

async function openProxied(t: TestContext, scheme: string, options: Partial<ListenerOptions> = {}) {
  const trusting = { proxy: 'proxy-protocol', trustedProxies: ['loopback'], ...options } as const;
  return await open(t, scheme, scheme === 'wss' ? { tls, ...trusting } : trusting);
}

const FORMATS = { text, frame, tcp, ws, wss: withTls(ws) };

describe('a port behind a proxy that speaks the PROXY protocol', { timeout: 20_000 }, () => {
  for (const scheme of ['text', 'frame', 'tcp', 'ws', 'wss'] as const) {
    for (const [version, preamble, address, port] of [
      ['version 1', V1, '203.0.113.7', 8080],
      ['version 2', V2.toString('latin1'), '2001:db8::1', 65_535],
    ] as const) {
      it(`${scheme}: its clients have their own addresses, by ${version}`, async (t) => {
        const { host, listener } = await openProxied(t, scheme);
        const format = { ...FORMATS[scheme], preamble: Buffer.from(preamble, 'latin1') };
        const [connection, peer] = await host.join(() => StreamPeer.connect(listener.context.url, format));
        t.after(() => peer.destroy());
        assert.deepEqual([connection.remoteAddress, connection.remotePort], [address, port]);
        peer.write(peer.pack(Buffer.from('hello')));
        await host.until('the message', () => host.messages.length === 1);
        assert.equal(String(host.messages[0].data), 'hello');
        connection.write(connection.protocol.encode(Buffer.from('welcome'), false, connection));
        await peer.until('the answer', () => peer.messages.length === 1);
        peer.end();
        await host.until('the end', () => host.gone.length === 1);
        assert.deepEqual(host.refusals, []);
      });
    }
  }

  it('may come by a unix socket, which is on this machine, and then has the limits of its clients', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'proxy-unix-'));
    t.after(() => rm(folder, { recursive: true }));
    const url = `text+unix:${join(folder, 'trusted.sock')}`;
    const trusting = { url, trustedProxies: ['loopback'], maxConnectionsPerAddress: 1 };
    const { host } = await openProxied(t, 'text', trusting);
    const format = { ...text, preamble: V1 };
    const [connection, peer] = await host.join(() => StreamPeer.connect(url, format));
    t.after(() => peer.destroy());
    assert.deepEqual([connection.remoteAddress, connection.remotePort], ['203.0.113.7', 8080]);

    const other = `text+unix:${join(folder, 'other.sock')}`;
    const { host: strict } = await openProxied(t, 'text', { url: other, trustedProxies: ['10.0.0.0/8'] });
    const stranger = await StreamPeer.connect(other, format);
    t.after(() => stranger.destroy());
    await strict.until('the refusal', () => strict.refusals.length === 1);
    const [{ kind, remoteAddress }] = strict.refusals;
    assert.deepEqual([kind, remoteAddress], ['proxy untrusted', 'unix:']);
  });

  it('counts nobody of a unix socket as one address', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'proxy-unix-'));
    t.after(() => rm(folder, { recursive: true }));
    const url = `text+unix:${join(folder, 'all.sock')}`;
    const { host } = await open(t, 'text', { url, maxConnectionsPerAddress: 1, newConnectionsPerAddress: 1 });
    for (let times = 0; times < 3; times++) {
      const [, peer] = await host.join(() => StreamPeer.connect(url, text));
      t.after(() => peer.destroy());
    }
  });

  it('takes a header however it is cut, with what comes behind it', async (t) => {
    const { host, listener } = await openProxied(t, 'text');
    const bytes = Buffer.concat([V2, Buffer.from('hello\nworld\n')]);
    const [connection, socket] = await host.join(async () => {
      const dialled = await dial(listener.context.url);
      dialled.setNoDelay(true);
      for (const byte of bytes) {
        await new Promise<void>((resolve) => void dialled.write(Buffer.of(byte), () => resolve()));
      }
      return dialled;
    });
    t.after(() => socket.destroy());
    await host.until('the lines', () => host.messages.length === 2);
    assert.deepEqual(host.from(connection).map(String), ['hello', 'world']);
    assert.equal(connection.remoteAddress, '2001:db8::1');
  });

  it('takes a header, a message and the end all at once', async (t) => {
    const { host, listener } = await openProxied(t, 'text');
    const socket = await dial(listener.context.url);
    socket.end(`${V1}hello\n`);
    await rest(socket);
    await host.until('the end', () => host.gone.length === 1);
    assert.deepEqual(
      host.messages.map(({ data }) => String(data)),
      ['hello'],
    );
  });

  it('wss: takes a header and the beginning of TLS in one piece', async (t) => {
    const { host, listener } = await openProxied(t, 'wss');
    const hello = await clientHello(t);
    const socket = await dial(listener.context.url);
    t.after(() => socket.destroy());
    socket.write(Buffer.concat([Buffer.from(V1), hello]));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.equal(answer[0], 22, 'a TLS handshake');
    assert.deepEqual(host.refusals, []);
  });

  it('takes the proxy itself, which asks how it is, for the client', async (t) => {
    const { host, listener } = await openProxied(t, 'ws');
    const answer = await exchange(
      listener.context.url,
      `PROXY UNKNOWN\r\nGET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    assert.deepEqual([answer.status, answer.body], [200, '{"status":"ok"}']);
    const [connection, peer] = await host.join(() =>
      StreamPeer.connect(listener.context.url, { ...ws, preamble: 'PROXY UNKNOWN\r\n' }),
    );
    t.after(() => peer.destroy());
    assert.equal(connection.remoteAddress, '127.0.0.1');
    assert.ok(connection.remotePort > 0);
  });

  it('closes a connection from an address that is not trusted, and says what to set', async (t) => {
    const { host, listener } = await openProxied(t, 'text', { trustedProxies: ['10.0.0.0/8'] });
    const socket = await dial(listener.context.url);
    socket.write(`${V1}hello\n`);
    await rest(socket);
    assert.deepEqual(host.clients, []);
    assert.deepEqual(
      host.refusals.map(({ kind, remoteAddress }) => [kind, remoteAddress]),
      [['proxy untrusted', '127.0.0.1']],
    );
    assert.match(host.refusals[0].message, /gateway\.trustedProxies/);
  });

  for (const [what, bytes] of [
    ['none', 'GET / HTTP/1.1\r\n'],
    ['half of one', V1.slice(0, 20)],
    ['one with a port that is none', V1.replace('8080', 'NaN')],
    ['one that is too long', `PROXY UNKNOWN${' '.repeat(200)}`],
    ['one of version 2 that is cut', V2.subarray(0, 30)],
  ] as const) {
    it(`closes a connection with ${what} in place of a header, and says so`, async (t) => {
      const { host, listener } = await openProxied(t, 'ws');
      const socket = await dial(listener.context.url);
      socket.end(bytes);
      assert.equal((await rest(socket)).length, 0);
      await host.until('the refusal', () => host.refusals.length === 1);
      assert.deepEqual([host.refusals[0].kind, host.clients.length], ['proxy malformed', 0]);
    });
  }

  it('says nothing of a connection that is closed again, as health checks are', async (t) => {
    const { host, listener } = await openProxied(t, 'text');
    const socket = await dial(listener.context.url);
    socket.end();
    await rest(socket);
    assert.deepEqual(host.refusals, []);
  });

  it('closes a connection whose header does not come in time', async (t) => {
    const clock = new ManualClock();
    const { host, listener } = await openProxied(t, 'text', { clock });
    const socket = await dial(listener.context.url);
    const closed = rest(socket);
    socket.write('PROXY ');
    // one whose header has come is not concerned
    const [, peer] = await host.join(() =>
      StreamPeer.connect(listener.context.url, { ...text, preamble: V1 }),
    );
    t.after(() => peer.destroy());
    clock.advance(HOUR);
    await closed;
    assert.deepEqual([host.refusals.map(({ kind }) => kind), host.gone.length], [['proxy late'], 0]);
    assert.match(
      host.refusals[0].message,
      /6 bytes of a PROXY header after 10 seconds: does the proxy send one\?/,
    );
  });
});

/** What a client begins TLS with. */
async function clientHello(t: TestContext): Promise<Buffer> {
  const { host, listener } = await open(t, 'tcp');
  const { hostname, port } = new URL(listener.context.url);
  const socket = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false });
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  await host.until('it', () => host.messages.length > 0);
  return host.messages[0].data;
}

/** Headers, and whom they stand for where 127.0.0.1 and 10.0.0.0/8 are trusted. */
const FORWARDED: readonly (readonly [
  headers: Readonly<Record<string, string>>,
  sender: string,
  secure?: boolean,
])[] = [
  [{}, '127.0.0.1'],
  [{ 'X-Forwarded-For': '203.0.113.7' }, '203.0.113.7'],
  [{ 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'https' }, '203.0.113.7', true],
  [{ 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'HTTPS, http' }, '203.0.113.7', true],
  [{ 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'http' }, '203.0.113.7'],
  [{ 'X-Forwarded-Proto': 'https' }, '127.0.0.1'],
  [{ 'X-Forwarded-For': '6.6.6.6, 203.0.113.7' }, '203.0.113.7'],
  [{ 'X-Forwarded-For': '6.6.6.6, 203.0.113.7, 10.1.2.3' }, '203.0.113.7'],
  [{ 'X-Forwarded-For': '10.9.9.9,10.1.2.3' }, '10.9.9.9'],
  [{ 'X-Forwarded-For': '2001:DB8:0:0::1' }, '2001:db8::1'],
  [{ 'X-Forwarded-For': '[2001:db8::1]:5678' }, '2001:db8::1 5678'],
  [{ 'X-Forwarded-For': '203.0.113.7:5678' }, '203.0.113.7 5678'],
  [{ 'X-Forwarded-For': '203.0.113.7:99999' }, '203.0.113.7'],
  [{ 'X-Forwarded-For': '::ffff:203.0.113.7' }, '203.0.113.7'],
  [{ 'X-Forwarded-For': 'unknown' }, '127.0.0.1'],
  [{ 'X-Forwarded-For': '203.0.113.7, unknown, 10.1.2.3' }, '10.1.2.3'],
  [{ 'X-Forwarded-For': ', ,' }, '127.0.0.1'],
  [{ 'X-Forwarded-For': `${':'.repeat(8000)}x` }, '127.0.0.1'],
  [{ 'X-Forwarded-For': '203.0.113.7', Forwarded: 'for=6.6.6.6' }, '203.0.113.7'],
  [{ Forwarded: 'for=203.0.113.7' }, '203.0.113.7'],
  [{ Forwarded: 'by=10.0.0.1; For="[2001:db8::1]:5678" ;proto=https;host=a' }, '2001:db8::1 5678', true],
  [{ Forwarded: 'for=6.6.6.6, for=203.0.113.7;proto=wss, for=10.1.2.3;proto=http' }, '203.0.113.7', true],
  [{ Forwarded: 'for=_hidden, for=10.1.2.3' }, '10.1.2.3'],
  [{ Forwarded: 'proto=https' }, '127.0.0.1'],
  [{ Forwarded: 'for="203.0.113.7' }, '127.0.0.1'],
];

describe('a websocket port behind proxies that speak HTTP', { timeout: 20_000 }, () => {
  it('believes the addresses that trusted proxies have added, and nothing before them', async (t) => {
    const { listener, host } = await open(t, 'ws', {
      proxy: 'forwarded',
      trustedProxies: ['127.0.0.1', '10.0.0.0/8'],
    });
    for (const [headers, sender] of FORWARDED) {
      const [connection, client] = await host.join(() => WsClient.connect(listener.context.url, { headers }));
      const { remoteAddress, remotePort } = connection;
      const found = remotePort === 0 ? remoteAddress : `${remoteAddress} ${remotePort}`;
      const [expected, port] = sender.split(' ');
      // the proxy itself has a port
      const own = expected === '127.0.0.1' && port === undefined;
      assert.equal(
        own ? remoteAddress : found.replace(' 65535', ''),
        sender,
        JSON.stringify(headers).slice(0, 99),
      );
      client.socket.terminate();
    }
    assert.deepEqual(host.refusals, []);
  });

  it('knows whether a client has come to the proxy with TLS', () => {
    const source = new ForwardedHeaders(new TrustedProxies(['loopback', '10.0.0.0/8']));
    const proxy = { remoteAddress: '127.0.0.1', remotePort: 1 } as Socket;
    for (const [headers, , secure = false] of FORWARDED) {
      const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
      const sender = source.senderOf(proxy, Object.fromEntries(lowerCase) as IncomingHttpHeaders);
      assert.equal(sender.secure, secure, JSON.stringify(headers).slice(0, 99));
    }
  });

  it('believes nothing of somebody who is no trusted proxy', async (t) => {
    const { listener, host } = await open(t, 'ws', { proxy: 'forwarded', trustedProxies: ['private'] });
    const headers = { 'X-Forwarded-For': '203.0.113.7', Forwarded: 'for=203.0.113.7' };
    const [connection, client] = await host.join(() => WsClient.connect(listener.context.url, { headers }));
    t.after(() => client.socket.terminate());
    assert.equal(connection.remoteAddress, '127.0.0.1');
    assert.equal(connection.remotePort, client.localPort);
  });

  it('believes nothing where the listener has no proxy', async (t) => {
    const { listener, host } = await open(t, 'ws', { trustedProxies: ['loopback'] });
    const headers = { 'X-Forwarded-For': '203.0.113.7' };
    const [connection, client] = await host.join(() => WsClient.connect(listener.context.url, { headers }));
    t.after(() => client.socket.terminate());
    assert.equal(connection.remoteAddress, '127.0.0.1');
  });
});
