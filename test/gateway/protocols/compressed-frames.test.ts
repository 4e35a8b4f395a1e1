import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type ZlibOptions, constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { ListenerOptions } from '#src/gateway/protocols/listener-context.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import type { ReceivedMessage } from '../../support/protocol-host.js';
import { corpus } from './corpus.js';
import { Opcode, RSV1, ws as wsFormat, wsFrame } from './formats.js';
import { open, tls } from './opening.js';
import { StreamPeer } from './peer.js';

/*
 * Compressed messages as frames, as Autobahn's cases 12 and 13 send them: a client that is written apart from the product's
 * own code, and inflates with zlib alone.
 */

const MEBIBYTE = 1024 * 1024;

/** What the server sent: a frame as it came, and its message. */
interface Came {
  readonly first: number;
  readonly length: number;
  readonly message: Buffer;
}

/** A client that offers compression. It shows close codes as messages. */
async function join(t: TestContext, options: Partial<ListenerOptions> = {}, offer = 'permessage-deflate') {
  const settings = { compression: { threshold: 0 }, ...options };
  const { host, listener } = await open(t, options.tls === undefined ? 'ws' : 'wss', settings);
  const came: Came[] = [];
  const format = {
    ...wsFormat,
    tls: options.tls !== undefined,
    handshake: wsFormat.handshake?.replace(/\r\n$/, `Sec-WebSocket-Extensions: ${offer}\r\n\r\n`),
    unpack(bytes: Buffer) {
      const found = wsFormat.unpack(bytes);
      if (found === undefined) return undefined;
      if (found.reply) return { ...found, message: bytes.subarray(2, found.length), reply: undefined };
      const payload = found.message ?? Buffer.alloc(0);
      const message = (bytes[0] & RSV1) === 0 ? payload : inflate(payload, offer);
      came.push({ first: bytes[0], length: payload.length, message });
      return { ...found, message };
    },
  };
  const [transport, peer] = await host.join(() => StreamPeer.connect(listener.context.url, format));
  t.after(() => peer.destroy());
  return { host, transport, peer, came };
}

function inflate(payload: Buffer, offer: string): Buffer {
  const [, bits = '15'] = /server_max_window_bits=(\d+)/.exec(offer) ?? [];
  const options = { finishFlush: constants.Z_SYNC_FLUSH, windowBits: Number(bits), chunkSize: 64 };
  return inflateRawSync(Buffer.concat([payload, Buffer.from('0000ffff', 'hex')]), options);
}

function deflate(message: Buffer, options: ZlibOptions = {}): Buffer {
  return deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH, ...options }).subarray(0, -4);
}

/** A message in frames of so many bytes, compressed or not. */
function frames(opcode: number, payload: Buffer, size = Infinity): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  do {
    const part = payload.subarray(at, at + size);
    at += part.length;
    parts.push(wsFrame(parts.length === 0 ? opcode : Opcode.continuation, part, at === payload.length));
  } while (at < payload.length);
  return parts;
}

/** A message that becomes so many bytes. */
function bomb(length: number): Buffer {
  return wsFrame(RSV1 | Opcode.binary, deflate(Buffer.alloc(length)));
}

/** One turn of the event loop. */
async function turn(): Promise<void> {
  await new Promise<void>((resolve) => void setImmediate(resolve));
}

/** Every message goes back as it came. */
function echo({ transport, data, binary }: ReceivedMessage): void {
  transport.write(transport.protocol.encode(data, binary, transport));
}

const SIZES = [16, 64, 256, 1_024, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072];

describe('compressed websocket messages', { timeout: 30_000 }, () => {
  for (const [kind, opcode, make] of [
    ['JSON', Opcode.text, corpus.json],
    ['text', Opcode.text, corpus.text],
    ['random bytes', Opcode.binary, corpus.anyBytes],
  ] as const) {
    for (const size of [Infinity, 200]) {
      it(`come and go: ${kind} of 16 bytes to 128 KiB, ${size === Infinity ? 'whole' : 'in fragments'}`, async (t) => {
        const { host, peer, came } = await join(t);
        host.onMessage = echo;
        const messages = SIZES.map(make);
        for (const message of messages) {
          const payload = deflate(message);
          const pieces = frames(RSV1 | opcode, payload, Math.max(size, Math.ceil(payload.length / 256)));
          peer.write(Buffer.concat(pieces));
        }
        await peer.until('the echoes', () => came.length === messages.length);
        assert.ok(messages.every((message, index) => came[index].message.equals(message)));
        assert.ok(host.messages.every(({ binary }) => binary === (opcode === Opcode.binary)));
        if (kind !== 'JSON') return;
        for (const { first, length, message } of came) {
          const compressed = length < message.length;
          assert.equal(first, compressed ? 0xc1 : 0x81);
          assert.ok(compressed || message.length < 100);
        }
      });
    }
  }

  for (let bits = 8; bits <= 15; bits++) {
    it(`fit into the window that the client has: 2^${bits} bytes`, async (t) => {
      const offer = `permessage-deflate; server_max_window_bits=${bits}; client_max_window_bits=${bits}`;
      const { host, peer, came } = await join(t, {}, offer);
      host.onMessage = echo;
      const messages = [16, 1_024, 65_536].map(corpus.json);
      for (const message of messages) {
        peer.write(wsFrame(RSV1 | Opcode.text, deflate(message, { windowBits: bits })));
      }
      await peer.until('the echoes', () => came.length === messages.length);
      assert.ok(messages.every((message, index) => came[index].message.equals(message)));
      assert.equal(came[2].first, 0xc1);
    });
  }

  it('come over TLS', async (t) => {
    const { host, peer, came } = await join(t, { tls });
    host.onMessage = echo;
    const messages = [100, 300_000, 5_000].map(corpus.text);
    for (const message of messages) peer.write(wsFrame(RSV1 | Opcode.text, deflate(message)));
    await peer.until('the echoes', () => came.length === 3);
    assert.ok(messages.every((message, index) => came[index].message.equals(message)));
  });

  // RFC 7692, 7.2.3
  for (const [what, payload, message] of [
    ['one block', 'f248cdc9c90700', 'Hello'],
    ['a block without compression', '000500faff48656c6c6f00', 'Hello'],
    ['a block that is marked as the last one', 'f348cdc9c9070000', 'Hello'],
    ['two blocks', 'f248050000 00ffffcac9c90700', 'Hello'],
    ['nothing', '00', ''],
  ]) {
    it(`may be ${what}`, async (t) => {
      const { host, peer } = await join(t);
      peer.write(wsFrame(RSV1 | Opcode.text, Buffer.from(payload.replace(' ', ''), 'hex')));
      await host.until('the message', () => host.messages.length === 1);
      assert.equal(host.messages[0].data.toString(), message);
    });
  }

  it('stand between others, with pings between their fragments', async (t) => {
    const { host, peer } = await join(t);
    const payload = deflate(corpus.text(100_000));
    const [begin, ...rest] = frames(RSV1 | Opcode.text, payload, 5_000);
    peer.write(
      Buffer.concat([
        wsFrame(Opcode.text, Buffer.from('before')),
        begin,
        ...rest.flatMap((fragment) => [wsFrame(Opcode.ping, Buffer.from('there?')), fragment]),
        wsFrame(Opcode.ping, Buffer.alloc(0)),
        wsFrame(Opcode.text, Buffer.from('after')),
      ]),
    );
    await host.until('the messages', () => host.messages.length === 3);
    assert.deepEqual(
      host.messages.map(({ data }) => (data.length < 10 ? data.toString() : data.length)),
      ['before', 100_000, 'after'],
    );
    assert.equal(host.signs.length, rest.length + 1);
  });

  it('keep their order, long and short', async (t) => {
    const { host, peer } = await join(t);
    const lengths = [10, 200_000, 20, 40_000, 30, 40, 1_000_000, 50, 33_000, 60];
    peer.write(
      Buffer.concat(
        lengths.map((length) => wsFrame(RSV1 | Opcode.binary, deflate(Buffer.alloc(length, 'x')))),
      ),
    );
    await host.until('all', () => host.messages.length === lengths.length);
    assert.deepEqual(
      host.messages.map(({ data }) => data.length),
      lengths,
    );
  });
});

describe('a client that has agreed to compression', { timeout: 30_000 }, () => {
  for (const [what, code, piece, problem] of [
    ['is corrupt', 1007, wsFrame(RSV1 | Opcode.text, Buffer.from('ffffffff', 'hex')), /cannot be inflated/],
    [
      'is cut off',
      1007,
      wsFrame(RSV1 | Opcode.text, deflate(corpus.json(500)).subarray(0, -9)),
      /cannot be inflated/,
    ],
    [
      'is long and cut off',
      1007,
      wsFrame(RSV1 | Opcode.text, deflate(corpus.anyBytes(20_000)).subarray(0, -9)),
      /cannot be inflated/,
    ],
    ['is empty', 1007, wsFrame(RSV1 | Opcode.text, Buffer.alloc(0)), /cannot be inflated/],
    [
      'ends in the middle',
      1007,
      wsFrame(RSV1 | Opcode.text, Buffer.from('f348cdc9c90700f248cdc9c90700', 'hex')),
      /cannot be inflated/,
    ],
    ['is no UTF-8 inside', 1007, wsFrame(RSV1 | Opcode.text, deflate(corpus.anyBytes(300))), /UTF-8/],
    [
      'is long, and no UTF-8 inside',
      1007,
      wsFrame(RSV1 | Opcode.text, deflate(corpus.anyBytes(50_000))),
      /UTF-8/,
    ],
    [
      'is one byte too long inside',
      1009,
      bomb(MEBIBYTE + 1),
      /become more than 1048576, the largest size \(maxPackageSize\)/,
    ],
    [
      'is a hundred times too long inside',
      1009,
      bomb(100 * MEBIBYTE),
      /A compressed message of \d+ bytes that become more/,
    ],
    ['has RSV2', 1002, wsFrame(0x20 | Opcode.text, Buffer.alloc(1)), /RSV bits/],
    ['has RSV1 and RSV3', 1002, wsFrame(RSV1 | 0x10 | Opcode.text, Buffer.alloc(1)), /RSV bits/],
    ['is a ping with RSV1', 1002, wsFrame(RSV1 | Opcode.ping, Buffer.alloc(0)), /opcode 9 with RSV1/],
    [
      'has RSV1 in its second fragment',
      1002,
      Buffer.concat([
        wsFrame(Opcode.text, Buffer.from('a'), false),
        wsFrame(RSV1 | Opcode.continuation, Buffer.from('b')),
      ]),
      /only the first frame of a message/,
    ],
  ] as const) {
    it(`is told ${code} when a message ${what}, after what came before it`, async (t) => {
      const { host, peer } = await join(t, { maxPackageSize: MEBIBYTE });
      peer.write(
        Buffer.concat([
          wsFrame(RSV1 | Opcode.text, deflate(Buffer.from('before'))),
          piece,
          wsFrame(Opcode.text, Buffer.from('after')),
        ]),
      );
      await peer.until('the close frame', () => peer.messages.length === 1);
      assert.equal(peer.messages[0].readUInt16BE(), code);
      assert.deepEqual(
        host.refusals.map(({ kind }) => kind),
        [`ws ${code}`],
      );
      assert.match(host.refusals[0].message, problem);
      peer.end();
      await host.until('the end', () => host.gone.length === 1);
      assert.deepEqual(
        host.messages.map(({ data }) => data.toString()),
        ['before'],
      );
    });
  }

  it('may send a message as long as may be', async (t) => {
    const { host, peer } = await join(t, { maxPackageSize: MEBIBYTE });
    peer.write(bomb(MEBIBYTE));
    await host.until('the message', () => host.messages.length === 1);
    assert.equal(host.messages[0].data.length, MEBIBYTE);
  });

  it('is told 1009 by the compressed bytes alone, before the rest has come', async (t) => {
    const { peer } = await join(t, { maxPackageSize: 1_000 });
    peer.write(wsFrame(RSV1 | Opcode.binary, Buffer.alloc(1_001)).subarray(0, 8));
    await peer.until('the close frame', () => peer.messages.length === 1);
    assert.equal(peer.messages[0].readUInt16BE(), 1009);
  });

  it('is not read while a long message of its is inflated, and loses nothing of what follows', async (t) => {
    const { host, transport, peer } = await join(t);
    // more than the operating system keeps for both sides
    const COUNT = 200;
    const long = deflate(corpus.text(5 * MEBIBYTE));
    let bytesIn = 0;
    host.onMessage = () => (bytesIn ||= transport.bytesIn);
    const others = Array.from({ length: 10 }, (_, digit) => Buffer.alloc(100_000, String(digit)));
    const otherFrames = others.map((other) => wsFrame(Opcode.text, other));
    peer.write(wsFrame(RSV1 | Opcode.text, long));
    for (let count = 0; count < COUNT; count++) peer.write(otherFrames[count % 10]);
    await host.until('all', () => host.messages.length === COUNT + 1);
    assert.equal(host.messages[0].data.length, 5 * MEBIBYTE);
    assert.ok(bytesIn < long.length + MEBIBYTE, `${bytesIn} bytes were read`);
    assert.ok(host.messages.slice(1).every(({ data }, index) => data.equals(others[index % 10])));
  });

  it('may be paused and resumed while a long message of its is inflated', async (t) => {
    const { host, transport, peer } = await join(t);
    const opened = host.messages.length;
    host.onMessage = ({ data }) => {
      if (data.toString() === 'first') {
        transport.pause();
        // the long one behind it is being read by then
        setImmediate(() => transport.resume());
        return;
      }
      transport.pause();
      transport.resume();
      transport.pause();
      setImmediate(() => transport.resume());
    };
    const lengths = [500_000, 3, 600_000, 4];
    peer.write(
      Buffer.concat([
        wsFrame(Opcode.text, Buffer.from('first')),
        ...lengths.map((length) => wsFrame(RSV1 | Opcode.binary, deflate(Buffer.alloc(length)))),
      ]),
    );
    await host.until('all', () => host.messages.length === opened + 5);
    assert.deepEqual(
      host.messages.map(({ data }) => data.length),
      [5, ...lengths],
    );
  });

  it('has everything reported before its end, though it closes its side behind a long message', async (t) => {
    const { host, peer } = await join(t);
    peer.write(
      Buffer.concat([bomb(2 * MEBIBYTE), bomb(3 * MEBIBYTE), wsFrame(Opcode.text, Buffer.from('last'))]),
    );
    peer.end();
    await host.until('the end', () => host.gone.length === 1);
    assert.deepEqual(
      host.messages.map(({ data }) => data.length),
      [2 * MEBIBYTE, 3 * MEBIBYTE, 4],
    );
    assert.equal(host.over.length, 1);
  });

  it('has the same though it resets the connection', async (t) => {
    const { host, transport, peer } = await join(t);
    host.onMessage = () => {
      if (host.messages.length > 1) return;
      peer.reset();
      // whoever writes to it is told of the reset, in the middle of the long message that is next
      const more = setInterval(() => transport.write(Buffer.from([0x89, 0])), 1);
      t.after(() => clearInterval(more));
    };
    peer.write(
      Buffer.concat([wsFrame(Opcode.text, Buffer.from('now')), bomb(6 * MEBIBYTE), bomb(7 * MEBIBYTE)]),
    );
    await host.until('the end', () => host.gone.length === 1);
    assert.deepEqual(
      host.messages.map(({ data }) => data.length),
      [3, 6 * MEBIBYTE, 7 * MEBIBYTE],
    );
  });

  it('is gone at once when it is destroyed, and nothing of its is reported any more', async (t) => {
    const { host, transport, peer } = await join(t);
    peer.write(Buffer.concat([wsFrame(Opcode.text, Buffer.from('now')), bomb(6 * MEBIBYTE)]));
    host.onMessage = () => setImmediate(() => transport.destroy());
    await host.until('the end', () => host.gone.length === 1);
    // behind whatever was being inflated
    const { host: later, peer: next } = await join(t);
    for (let count = 0; count < 4; count++) next.write(bomb(100_000));
    await later.until('the messages', () => later.messages.length === 4);
    assert.equal(host.messages.length, 1);
  });

  it('is gone when it is destroyed, though its reset had to wait for a long message', async (t) => {
    const options = { maxPackageSize: 64 * MEBIBYTE };
    // no thread is free for the one that is looked at
    const busy = [await join(t, options), await join(t, options)];
    const long = bomb(24 * MEBIBYTE);
    for (const other of busy) other.peer.write(long);
    const { host, transport, peer } = await join(t, options);
    peer.write(Buffer.concat([wsFrame(Opcode.text, Buffer.from('now')), bomb(MEBIBYTE)]));
    await host.until('the message', () => host.messages.length === 1);
    peer.reset();
    // until the socket has no handle any more, and has said so
    while (transport.flow?.descriptor !== -1) {
      transport.write(Buffer.from([0x89, 0]));
      await turn();
    }
    await turn();
    await turn();
    transport.destroy();
    await host.until('the end', () => host.gone.length === 1);
    await Promise.all(
      busy.map((other) => other.host.until('the rest', () => other.host.messages.length === 1)),
    );
    assert.equal(host.gone.length, 1);
  });

  it('is closed in good order while a long message of its is inflated', async (t) => {
    const clock = new ManualClock();
    const { host, transport, peer } = await join(t, { clock });
    host.onMessage = () => setImmediate(() => transport.close(4000, 'enough'));
    peer.write(Buffer.concat([wsFrame(Opcode.text, Buffer.from('now')), bomb(6 * MEBIBYTE)]));
    await peer.until('the close frame', () => peer.messages.length === 1);
    assert.equal(peer.messages[0].readUInt16BE(), 4000);
    peer.end();
    await host.until('the end', () => host.gone.length === 1);
    assert.deepEqual([host.messages.length, clock.timers], [1, 0]);
  });
});

describe('a client that has not agreed to compression', { timeout: 10_000 }, () => {
  for (const [what, options, offer] of [
    ['since it offered none', {}, 'x-other'],
    ['since its listener has none', { compression: false }, 'permessage-deflate'],
  ] as const) {
    it(`gets and may send no compressed message: ${what}`, async (t) => {
      const { host, transport, peer, came } = await join(t, options, offer);
      const message = corpus.json(10_000);
      transport.write(transport.protocol.encode(message, false, transport));
      await peer.until('the message', () => came.length === 1);
      assert.deepEqual(came[0], { first: 0x81, length: 10_000, message });
      peer.write(wsFrame(RSV1 | Opcode.text, deflate(message)));
      await peer.until('the close frame', () => peer.messages.length === 2);
      assert.equal(peer.messages[1].readUInt16BE(), 1002);
      assert.match(host.refusals[0].message, /RSV bits/);
    });
  }

  it('is not let in where its offer has not the form of one', async (t) => {
    const { host, listener } = await open(t, 'ws', { compression: true });
    const handshake = wsFormat.handshake?.replace(
      /\r\n$/,
      'Sec-WebSocket-Extensions: permessage-deflate; a=\r\n\r\n',
    );
    const peer = await StreamPeer.connect(listener.context.url, {
      pack: (message) => message,
      unpack: (bytes) => ({ length: bytes.length, message: bytes }),
    });
    t.after(() => peer.destroy());
    peer.write(Buffer.from(handshake ?? ''));
    await peer.until('the answer', () => peer.ended);
    assert.match(
      Buffer.concat(peer.messages).toString(),
      /^HTTP\/1\.1 400 [^]*Sec-WebSocket-Extensions: Unexpected/,
    );
    assert.deepEqual(
      host.refusals.map(({ kind }) => kind),
      ['ws handshake'],
    );
  });
});
