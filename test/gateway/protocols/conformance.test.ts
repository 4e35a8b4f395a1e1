import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { ListenerOptions } from '#src/gateway/protocols/listener-context.js';
import type { Connection, Listener } from '#src/gateway/protocols/protocol.js';
import type { ProtocolHost } from '../../support/protocol-host.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { ANSWER_TIMEOUT } from '#src/gateway/protocols/timeouts.js';
import {
  Opcode,
  RSV1,
  frame,
  netstring,
  netstringModule,
  tcp,
  text,
  withTls,
  ws,
  wsCompressed,
  wsFrame,
} from './formats.js';
import { open, tls } from './opening.js';
import { type Peer, type StreamFormat, StreamPeer, UdpPeer } from './peer.js';

/*
 * What every protocol owes the gateway, over real sockets.
 */

interface Subject {
  readonly name: string;
  readonly scheme: string;
  readonly options?: () => Partial<ListenerOptions>;
  /** Whether it listens on a unix socket, where clients have no addresses. */
  readonly unix?: true;
  /** Absent where there is no connection: udp. */
  readonly format?: StreamFormat;
  /** What no client may send, where there is such a thing. */
  readonly forbidden?: Buffer;
  /** False for raw tcp, where messages run together and none is too long. */
  readonly boundaries: boolean;
}

const folder = await mkdtemp(join(tmpdir(), 'protocol-module-'));
before(() => writeFile(join(folder, 'netstring.mjs'), netstringModule));
after(() => rm(folder, { recursive: true }));

const SUBJECTS: Subject[] = [
  { name: 'ws', scheme: 'ws', format: ws, boundaries: true, forbidden: wsFrame(3, Buffer.alloc(0)) },
  {
    name: 'wss',
    scheme: 'wss',
    format: withTls(ws),
    boundaries: true,
    options: () => ({ tls }),
    forbidden: wsFrame(3, Buffer.alloc(0)),
  },
  {
    name: 'ws with compression',
    scheme: 'ws',
    format: wsCompressed,
    boundaries: true,
    options: () => ({ compression: { threshold: 0 } }),
    forbidden: wsFrame(RSV1 | Opcode.ping, Buffer.alloc(0)),
  },
  { name: 'text', scheme: 'text', format: text, boundaries: true },
  {
    name: 'text behind a proxy',
    scheme: 'text',
    format: { ...text, preamble: 'PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n' },
    boundaries: true,
    options: () => ({ proxy: 'proxy-protocol', trustedProxies: ['loopback'] }),
  },
  { name: 'frame', scheme: 'frame', format: frame, boundaries: true, forbidden: Buffer.alloc(4) },
  { name: 'tcp', scheme: 'tcp', format: tcp, boundaries: false },
  {
    name: 'text with TLS',
    scheme: 'text',
    format: withTls(text),
    boundaries: true,
    options: () => ({ tls }),
  },
  { name: 'ws on a unix socket', scheme: 'ws', format: ws, boundaries: true, unix: true },
  {
    name: 'frame with TLS on a unix socket',
    scheme: 'frame',
    format: withTls(frame),
    boundaries: true,
    options: () => ({ tls }),
    forbidden: Buffer.alloc(4),
    unix: true,
  },
  { name: 'udp', scheme: 'udp', boundaries: true },
  {
    name: 'a user’s protocol with TLS',
    scheme: 'tcp',
    format: withTls(netstring),
    boundaries: true,
    forbidden: Buffer.from('no length at all'),
    options: () => ({ protocol: join(folder, 'netstring.mjs'), tls }),
  },
  {
    name: 'a user’s protocol',
    scheme: 'tcp',
    format: netstring,
    boundaries: true,
    forbidden: Buffer.from('no length at all'),
    options: () => ({ protocol: join(folder, 'netstring.mjs') }),
  },
];

function unixUrl({ scheme }: Subject): string {
  return `${scheme}+unix:${join(folder, 'client.sock')}`;
}

for (const subject of SUBJECTS) {
  describe(`client protocol: ${subject.name}`, { timeout: 20_000 }, () => {
    everyProtocol(subject);
    if (subject.format !== undefined) everyStream(subject, subject.format);
  });
}

/** One test's port, with what the tests do with it. */
class Port {
  readonly host: ProtocolHost;
  readonly listener: Listener;
  readonly #subject: Subject;
  readonly #t: TestContext;

  private constructor(subject: Subject, t: TestContext, host: ProtocolHost, listener: Listener) {
    this.#subject = subject;
    this.#t = t;
    this.host = host;
    this.listener = listener;
  }

  static async open(subject: Subject, t: TestContext, options: Partial<ListenerOptions> = {}): Promise<Port> {
    const all = { ...subject.options?.(), ...options };
    if (subject.unix) all.url = unixUrl(subject);
    const { host, listener } = await open(t, subject.scheme, all);
    return new Port(subject, t, host, listener);
  }

  /** What its clients come from. */
  get address(): string {
    return this.#subject.unix ? 'unix:' : '127.0.0.1';
  }

  /** A client that has come in. A UDP client does so with its first message, `hello`, which is then forgotten. */
  async join(): Promise<[Connection, Peer]> {
    const { format } = this.#subject;
    if (format !== undefined) return this.joinStream(format);
    const [transport, peer] = await this.host.join(async () => {
      const udp = await UdpPeer.connect(this.listener.context.url);
      udp.write(Buffer.from('hello'));
      return udp;
    });
    await this.host.until('hello', () =>
      this.host.messages.some((message) => message.transport === transport),
    );
    this.host.messages.length = 0;
    this.#t.after(() => peer.end());
    return [transport, peer];
  }

  async joinStream(format: StreamFormat): Promise<[Connection, StreamPeer]> {
    const joined = await this.host.join(() => StreamPeer.connect(this.listener.context.url, format));
    this.#t.after(() => joined[1].destroy());
    return joined;
  }

  /** A message there and one back: shows that this client is served, and that what came before it was handled. */
  async exchange([transport, peer]: [Connection, Peer]): Promise<void> {
    await this.receives(transport, peer, [Buffer.from('ask')]);
    await this.sends(transport, peer, [Buffer.from('answer')]);
  }

  /** The client sends, and the gateway gets, these messages. */
  async receives(transport: Connection, peer: Peer, messages: Buffer[]): Promise<void> {
    const earlier = this.host.from(transport);
    for (const message of messages) peer.write(peer.pack(message));
    await this.received(transport, [...earlier, ...messages]);
  }

  /** The gateway gets these messages, which are all that the client ever sent. */
  async received(transport: Connection, messages: Buffer[]): Promise<void> {
    await this.host.until('messages from the client', () =>
      this.#arrived(this.host.from(transport), messages),
    );
    this.same(this.host.from(transport), messages);
  }

  /** The gateway sends, and the client gets, these messages. */
  async sends(transport: Connection, peer: Peer, messages: Buffer[]): Promise<void> {
    const all = [...peer.messages, ...messages];
    for (const message of messages) transport.write(transport.protocol.encode(message, false, transport));
    await peer.until('messages from the gateway', () => this.#arrived(peer.messages, all));
    this.same(peer.messages, all);
  }

  same(actual: Buffer[], expected: Buffer[]): void {
    const [is, should] = [this.#comparable(actual), this.#comparable(expected)];
    if (is.length === should.length && is.every((message, n) => message.equals(should[n]))) return;
    assert.deepEqual(is.map(brief), should.map(brief));
    assert.fail('messages differ beyond their beginning');
  }

  #arrived(actual: Buffer[], expected: Buffer[]): boolean {
    if (this.#subject.boundaries) return actual.length >= expected.length;
    return totalLength(actual) >= totalLength(expected);
  }

  #comparable(messages: Buffer[]): Buffer[] {
    return this.#subject.boundaries ? messages : [Buffer.concat(messages)];
  }
}

function totalLength(messages: Buffer[]): number {
  return messages.reduce((sum, { length }) => sum + length, 0);
}

function brief(message: Buffer): string {
  return `${message.length}: ${message.toString('utf8', 0, 60)}`;
}

function numbered(count: number): Buffer[] {
  return Array.from({ length: count }, (_, number) => Buffer.from(`message ${number}`));
}

function everyProtocol(subject: Subject): void {
  it('says who the client is', async (t) => {
    const port = await Port.open(subject, t);
    const [transport] = await port.join();
    assert.equal(transport.remoteAddress, port.address);
    const { url } = port.listener.context;
    if (subject.unix) {
      assert.deepEqual([transport.remotePort, transport.listener.port, url], [0, 0, unixUrl(subject)]);
      return;
    }
    assert.ok(transport.remotePort > 0);
    assert.equal(transport.listener.port, Number(new URL(url).port));
    assert.match(url, new RegExp(`^${subject.scheme}://127\\.0\\.0\\.1:[1-9]`));
  });

  it('carries messages both ways, in order', async (t) => {
    const port = await Port.open(subject, t);
    const [transport, peer] = await port.join();
    await port.receives(transport, peer, numbered(50));
    await port.sends(transport, peer, numbered(50));
    assert.equal(transport.bufferedBytes, 0);
  });

  it('keeps clients apart', async (t) => {
    const port = await Port.open(subject, t);
    const [first, second] = [await port.join(), await port.join()];
    await port.exchange(first);
    await port.exchange(second);
    assert.equal(port.host.from(first[0]).length, 1);
    assert.equal(first[1].messages.length, 1);
  });

  it('carries what is not ASCII', async (t) => {
    const port = await Port.open(subject, t);
    const [transport, peer] = await port.join();
    await port.exchange([transport, peer]);
    await port.receives(transport, peer, [Buffer.from('网关 ⚙ 🚪')]);
    assert.equal(port.host.messages.at(-1)?.binary, false);
    await port.sends(transport, peer, [Buffer.from('网关 ⚙ 🚪')]);
  });

  if (subject.boundaries) {
    it('carries an empty message', async (t) => {
      const port = await Port.open(subject, t);
      const [transport, peer] = await port.join();
      await port.receives(transport, peer, [Buffer.alloc(0), Buffer.from('more')]);
      await port.sends(transport, peer, [Buffer.alloc(0), Buffer.from('more')]);
    });

    it('refuses a message that is too long, and serves the others on', async (t) => {
      const port = await Port.open(subject, t, { maxPackageSize: 1_000 });
      const [transport, peer] = await port.join();
      const other = await port.join();
      peer.write(peer.pack(Buffer.alloc(2_000, 'x')));
      await port.host.until(
        'the refusal',
        () => port.host.refusals.length === 1 && port.host.gone.length === 1,
      );
      assert.deepEqual(port.host.gone, [transport]);
      assert.equal(port.host.refusals[0].remoteAddress, port.address);
      assert.match(port.host.refusals[0].kind, /too long$|^ws 1009$/);
      assert.deepEqual(port.host.from(transport), []);
      await port.exchange(other);
      assert.equal(port.host.refusals.length, 1);
    });

    it('takes a message of exactly the longest size', async (t) => {
      const overhead = { ws: 0, wss: 0, text: 1, frame: 4, udp: 0, tcp: 5 }[subject.scheme] ?? 0;
      const port = await Port.open(subject, t, { maxPackageSize: 1_000 });
      const [transport, peer] = await port.join();
      await port.receives(transport, peer, [Buffer.alloc(1_000 - overhead, 'x')]);
    });
  }

  for (const way of ['close', 'destroy'] as const) {
    it(`reports the end once after ${way}(), however often it is called`, async (t) => {
      const port = await Port.open(subject, t);
      const [transport] = await port.join();
      const other = await port.join();
      transport[way]();
      assert.deepEqual(port.host.gone, [], 'not within the call');
      transport[way]();
      await port.host.until('the end', () => port.host.gone.length > 0);
      for (const call of ['close', 'destroy', 'pause', 'resume', 'ping'] as const) transport[call]();
      transport.write(transport.protocol.encode(Buffer.from('too late'), false, transport));
      await port.exchange(other);
      assert.deepEqual(port.host.gone, [transport]);
      assert.deepEqual(port.host.refusals, []);
    });
  }

  it('gives no message after close()', async (t) => {
    const port = await Port.open(subject, t);
    const [transport, peer] = await port.join();
    port.host.onMessage = () => transport.close();
    peer.write(Buffer.concat(numbered(subject.format ? 10 : 1).map((message) => peer.pack(message))));
    await port.host.until('the end', () => port.host.gone.length === 1);
    assert.equal(port.host.from(transport).length, 1);
  });

  it('lets nobody in while the host does not admit', async (t) => {
    const port = await Port.open(subject, t);
    const other = await port.join();
    port.host.admitting = false;
    if (subject.format === undefined) {
      const peer = await UdpPeer.connect(port.listener.context.url);
      t.after(() => peer.end());
      peer.write(Buffer.from('hello'));
    } else {
      const format = { ...subject.format, handshake: undefined };
      const peer = await StreamPeer.connect(port.listener.context.url, format).catch((error: Error) => error);
      // not even a TLS handshake is done, where there is nothing to say behind it
      if (peer instanceof Error) assert.equal((peer as NodeJS.ErrnoException).code, 'ECONNRESET');
      else {
        if (subject.format.handshake) peer.write(Buffer.from(subject.format.handshake));
        await peer.until('the end', () => peer.closed || peer.ended);
      }
    }
    await port.exchange(other);
    assert.equal(port.host.clients.length, 1);
    assert.deepEqual(port.host.gone, []);
  });

  it('frees its port when it is closed', async (t) => {
    const port = await Port.open(subject, t);
    await port.listener.close();
    await port.listener.close();
    await open(t, subject.scheme, { ...subject.options?.(), url: port.listener.context.url });
  });

  it('names the port that is in use, and the remedy', async (t) => {
    const { listener } = await Port.open(subject, t);
    await assert.rejects(
      open(t, subject.scheme, { ...subject.options?.(), url: listener.context.url }),
      (error) => {
        assert.ok(error instanceof Error && 'code' in error);
        assert.equal(error.code, 'GW_LISTEN');
        assert.ok(
          error.message.includes(listener.context.url) &&
            error.message.includes(subject.unix ? `(pid ${process.pid}) listens there` : 'EADDRINUSE'),
          error.message,
        );
        assert.match(error.message, /configure another (port|path)/);
        return true;
      },
    );
  });
}

function everyStream(subject: Subject, format: StreamFormat): void {
  const { forbidden } = subject;
  for (const way of ['end', 'reset'] as const) {
    it(`reports the end once when the client does ${way}`, async (t) => {
      const port = await Port.open(subject, t);
      const [transport, peer] = await port.joinStream(format);
      const other = await port.joinStream(format);
      peer[way]();
      await port.host.until('the end', () => port.host.gone.length > 0);
      await port.exchange(other);
      assert.deepEqual(port.host.gone, [transport]);
      assert.deepEqual(port.host.refusals, []);
    });
  }

  it('reports the end once when both sides end at the same time', async (t) => {
    const port = await Port.open(subject, t);
    const [transport, peer] = await port.joinStream(format);
    const other = await port.joinStream(format);
    peer.end();
    transport.close();
    await port.host.until('the end', () => port.host.gone.length > 0);
    await port.exchange(other);
    assert.deepEqual(port.host.gone, [transport]);
  });

  it('takes many messages in one write', async (t) => {
    const port = await Port.open(subject, t);
    const [transport, peer] = await port.joinStream(format);
    peer.write(Buffer.concat(numbered(1_000).map((message) => format.pack(message))));
    await port.received(transport, numbered(1_000));
  });

  it('takes a message over many writes', async (t) => {
    const port = await Port.open(subject, t);
    const [transport, peer] = await port.joinStream(format);
    const messages = numbered(3);
    for (const byte of Buffer.concat(messages.map((message) => format.pack(message)))) {
      await new Promise((resolve) => setImmediate(resolve)); // lets the gateway, in this same thread, read the byte
      peer.write(Buffer.from([byte]));
    }
    await port.received(transport, messages);
  });

  it('carries 5 MB both ways', async (t) => {
    const port = await Port.open(subject, t);
    const [transport, peer] = await port.joinStream(format);
    const large = Buffer.from(Array.from({ length: 5 * 131_072 }, (_, n) => String(n).padStart(8)).join(''));
    await port.receives(transport, peer, [large, Buffer.from('small')]);
    await port.sends(transport, peer, [large, Buffer.from('small')]);
  });

  it('holds messages while paused, and goes on in order', async (t) => {
    const port = await Port.open(subject, t);
    const [transport, peer] = await port.joinStream(format);
    const other = await port.joinStream(format);
    transport.pause();
    for (const message of numbered(200)) await peer.flush(format.pack(message));
    await port.exchange(other);
    assert.deepEqual(port.host.from(transport), []);
    transport.resume();
    await port.received(transport, numbered(200));
  });

  it('does not read a paused client', async (t) => {
    const port = await Port.open(subject, t);
    const [transport, peer] = await port.joinStream(format);
    const other = await port.joinStream(format);
    transport.pause();
    peer.write(Buffer.alloc(32 * 1024 * 1024)); // more than the operating system keeps for both sides
    for (let times = 0; times < 50; times++) await port.exchange(other);
    assert.ok(peer.unsent > 16 * 1024 * 1024);
  });

  it('loses and mixes up nothing when paused at each message', async (t) => {
    const port = await Port.open(subject, t);
    const [transport, peer] = await port.joinStream(format);
    port.host.onMessage = () => {
      transport.pause();
      setImmediate(() => transport.resume());
    };
    peer.write(Buffer.concat(numbered(100).map((message) => format.pack(message))));
    peer.end();
    await port.host.until('the end', () => port.host.gone.length === 1);
    port.same(port.host.from(transport), numbered(100));
  });

  it('lets out what was written before it closes', async (t) => {
    const port = await Port.open(subject, t);
    const [transport, peer] = await port.joinStream(format);
    const large = Buffer.alloc(5 * 1024 * 1024, 'x');
    peer.write(format.pack(Buffer.from('never read'))); // unread input must not reset the connection
    transport.write(transport.protocol.encode(large, false, transport));
    assert.ok(transport.bufferedBytes > 0);
    transport.close();
    await peer.until('the end', () => peer.ended);
    port.same(peer.messages, [large]);
    await port.host.until('the end', () => port.host.gone.length === 1);
  });

  it('closes a paused client', async (t) => {
    const port = await Port.open(subject, t);
    const [transport, peer] = await port.joinStream(format);
    transport.pause();
    await peer.flush(format.pack(Buffer.from('unread')));
    transport.close();
    await port.host.until('the end', () => port.host.gone.length === 1);
    assert.deepEqual(port.host.from(transport), []);
  });

  it('says once that a client has closed its side, and can still be sent to until it is finished', async (t) => {
    const port = await Port.open(subject, t, { clock: new ManualClock() });
    port.host.onEnded = () => {};
    const [transport, peer] = await port.joinStream(format);
    const other = await port.joinStream(format);
    transport.finish();
    await port.receives(transport, peer, [Buffer.from('the last')]);
    peer.end();
    await port.host.until('its end', () => port.host.over.length === 1);
    transport.pause(); // as if its worker were behind
    await port.exchange(other);
    assert.deepEqual([port.host.over, port.host.gone, peer.ended], [[transport], [], false]);
    await port.sends(transport, peer, [Buffer.from('answer')]);
    transport.finish();
    await port.host.until('the end', () => port.host.gone.length === 1);
    await peer.until('the end', () => peer.ended || peer.closed);
    port.same(peer.messages, [Buffer.from('answer')]);
    assert.deepEqual([port.host.over, port.host.refusals], [[transport], []]);
  });

  it('is told of the end only after a pause, and after what came before it', async (t) => {
    const port = await Port.open(subject, t);
    const [transport, peer] = await port.joinStream(format);
    const other = await port.joinStream(format);
    port.host.onMessage = () => transport.pause();
    peer.write(Buffer.concat(numbered(2).map((message) => format.pack(message))));
    peer.end();
    await port.host.until('the first', () => port.host.from(transport).length === 1);
    port.host.onMessage = () => {};
    await port.exchange(other);
    assert.deepEqual(port.host.over, []);
    transport.resume();
    await port.host.until('its end', () => port.host.over.length === 1);
    await port.received(transport, numbered(2));
  });

  if (forbidden !== undefined) {
    it('answers for ANSWER_TIMEOUT what came before what is forbidden, and nothing behind it', async (t) => {
      const clock = new ManualClock();
      const port = await Port.open(subject, t, { clock });
      port.host.onEnded = () => {};
      const [transport, peer] = await port.joinStream(format);
      const good = format.pack(Buffer.from('good'));
      peer.write(Buffer.concat([good, forbidden, good]));
      await port.host.until('its end', () => port.host.over.length === 1);
      await port.received(transport, [Buffer.from('good')]);
      assert.equal(port.host.refusals.length, 1);
      await port.sends(transport, peer, [Buffer.from('answer')]);
      clock.advance(ANSWER_TIMEOUT - 1);
      assert.deepEqual([peer.ended, port.host.gone], [false, []]);
      clock.advance(1);
      await peer.until('the end', () => peer.ended);
      peer.end();
      await port.host.until('the end', () => port.host.gone.length === 1);
      assert.equal(clock.timers, 0);
    });
  }

  it('keeps its clients when the port is closed', async (t) => {
    const port = await Port.open(subject, t, { clock: new ManualClock() });
    const client = await port.joinStream(format);
    await port.listener.close();
    await port.exchange(client);
    await assert.rejects(StreamPeer.connect(port.listener.context.url, format), {
      code: subject.unix ? 'ENOENT' : 'ECONNREFUSED',
    });
  });
}
