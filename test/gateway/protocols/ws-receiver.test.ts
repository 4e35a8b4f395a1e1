import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import * as fc from 'fast-check';
import * as wsPackage from 'ws';
import { type WsReader, WsReceiver } from '#src/gateway/protocols/ws-receiver.js';
import { Opcode, tcp as rawFormat, ws as wsFormat, wsFrame } from './formats.js';
import { open } from './opening.js';
import { StreamPeer } from './peer.js';

/*
 * The package `ws` is what clients are tested with, so it tells what is right: the same bytes have to give the same
 * messages, pongs and close codes, however the network cuts them.
 */

/** Bytes of the longest message. */
const LONGEST = 600;

type Report =
  | [what: 'message', hex: string, binary: boolean]
  | [what: 'ping', hex: string]
  | [what: 'pong']
  | [what: 'close', code: number, reason: string]
  | [what: 'forbidden', code: number];

/** A stream's own write, which reports an error at once, and not in the next tick. */
const WRITE = '_write';

/** What @types/ws does not know. */
const { Receiver } = wsPackage as unknown as {
  Receiver: new (
    options: object,
  ) => {
    on(event: string, listener: (first: unknown, second: unknown) => void): void;
    [WRITE](chunk: Buffer, encoding: string, done: (error?: Error) => void): void;
  };
};

/** What `ws` makes of these chunks. */
function expected(chunks: readonly Buffer[]): Report[] {
  const reports: Report[] = [];
  let over = false;
  const last = (report: Report): void => {
    reports.push(report);
    over = true;
  };
  const receiver = new Receiver({ isServer: true, maxPayload: LONGEST });
  receiver.on('message', (data, binary) => reports.push(['message', hex(data), binary as boolean]));
  receiver.on('ping', (data) => reports.push(['ping', hex(data)]));
  receiver.on('pong', () => reports.push(['pong']));
  receiver.on('conclude', (code, reason) => last(['close', code as number, hex(reason)]));
  for (const chunk of chunks) {
    if (over) break;
    receiver[WRITE](Buffer.from(chunk), 'buffer', (error) => {
      if (error !== undefined) last(['forbidden', closeCodeOf(error)]);
    });
  }
  return reports;
}

function hex(data: unknown): string {
  return (data as Buffer).toString('hex');
}

/** `ws` keeps it under a symbol of its own. */
function closeCodeOf(error: Error): number {
  const symbol = Object.getOwnPropertySymbols(error).find(({ description }) => description === 'status-code');
  return Reflect.get(error, symbol ?? '') as number;
}

/** Writes down what it is told, and pauses its receiver at some of the messages. */
class Reader implements WsReader {
  readonly inflates = false;
  readonly reports: Report[] = [];
  readonly receiver: WsReceiver;
  readonly #pauses: readonly boolean[];

  constructor(pauses: readonly boolean[] = [], longest = LONGEST) {
    this.#pauses = pauses;
    this.receiver = new WsReceiver(this, longest);
  }

  onMessage(data: Buffer, binary: boolean): void {
    if (this.#pauses[this.reports.length]) this.receiver.pause();
    this.reports.push(['message', hex(data), binary]);
  }

  onPing(data: Buffer): void {
    this.reports.push(['ping', hex(data)]);
  }

  onPong(): void {
    this.reports.push(['pong']);
  }

  onClose(code: number, reason: Buffer): void {
    this.reports.push(['close', code, hex(reason)]);
  }

  onForbidden(code: number): void {
    this.reports.push(['forbidden', code]);
  }

  onInflating(): void {
    assert.fail('nothing is compressed');
  }

  onInflated(): void {
    assert.fail('nothing is compressed');
  }

  onFinished(): void {
    assert.fail('nothing is waited for');
  }
}

/** A frame with a length in any of the three forms, the shortest or not, and anything in its first two bytes. */
function oddFrame(first: number, masked: boolean, form: number, payload: Buffer): Buffer {
  const header = Buffer.alloc([2, 4, 10][form]);
  header[0] = first;
  header[1] = (masked ? 0x80 : 0) | [payload.length, 126, 127][form];
  if (form === 1) header.writeUInt16BE(payload.length, 2);
  if (form === 2) header.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([header, Buffer.alloc(masked ? 4 : 0), payload]);
}

const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength, size: 'max' }).map((array) => Buffer.from(array));
const text = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.string({ unit: 'binary', maxLength, size: 'max' }).map((string) => Buffer.from(string));
const control = fc
  .tuple(fc.constantFrom(Opcode.ping, Opcode.pong), bytes(125))
  .map(([opcode, payload]) => wsFrame(opcode, payload));
const close = fc
  .tuple(fc.constantFrom(1000, 1001, 1004, 1005, 1006, 1014, 1015, 2999, 3000, 4999, 5000), bytes(20))
  .map(([code, reason]) =>
    wsFrame(Opcode.close, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), reason])),
  );
const whole = fc.oneof(
  text(100).map((payload) => wsFrame(Opcode.text, payload)),
  bytes(2 * LONGEST).map((payload) => wsFrame(Opcode.binary, payload.subarray(0, LONGEST + 1))),
);
/** Text that is cut anywhere, even within a character, with control frames between its fragments. */
const fragmented = fc
  .tuple(text(100), fc.array(fc.tuple(fc.nat(40), fc.option(control))), fc.boolean())
  .map(([payload, cuts, binary]) => {
    const parts: Buffer[] = [];
    let opcode: number = binary ? Opcode.binary : Opcode.text;
    let rest = payload;
    for (const [length, between] of cuts) {
      parts.push(wsFrame(opcode, rest.subarray(0, length), false), between ?? Buffer.alloc(0));
      rest = rest.subarray(length);
      opcode = Opcode.continuation;
    }
    return Buffer.concat([...parts, wsFrame(opcode, rest)]);
  });
const odd = fc.oneof(
  bytes(30),
  bytes(100).map((payload) => wsFrame(Opcode.text, payload)),
  fc
    .tuple(fc.nat(255), fc.boolean(), fc.nat(2), bytes(125))
    .map(([first, masked, form, payload]) => oddFrame(first, masked, form, payload)),
);
/** What a client sends, and the sizes of the pieces that it comes in. */
const streams = fc.tuple(
  fc
    .array(
      fc.oneof(
        { weight: 12, arbitrary: whole },
        { weight: 6, arbitrary: fragmented },
        { weight: 4, arbitrary: control },
        { weight: 1, arbitrary: close },
        { weight: 1, arbitrary: odd },
      ),
      { maxLength: 12 },
    )
    .map((parts) => Buffer.concat(parts)),
  fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 2000 })), { minLength: 1 }),
);

function cut(stream: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < stream.length; at += sizes[(chunks.length - 1) % sizes.length]) {
    chunks.push(Buffer.from(stream.subarray(at, at + sizes[chunks.length % sizes.length])));
  }
  return chunks;
}

describe('the websocket receiver', { timeout: 60_000 }, () => {
  it('reads what ws reads, however it is cut', () => {
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(streams, ([stream, sizes]) => {
        const chunks = cut(stream, sizes);
        const should = expected(chunks);
        const { reports, receiver } = new Reader();
        for (const chunk of chunks) receiver.receive(chunk);
        assert.deepEqual(reports, should);
        for (const [what, code] of should) outcomes.add(what === 'forbidden' ? String(code) : what);
      }),
      { numRuns: 1_000 },
    );
    // the inputs are worth something only if they come to all of this
    assert.deepEqual([...outcomes].toSorted(), ['1002', '1007', '1009', 'close', 'message', 'ping', 'pong']);
  });

  it('loses nothing and keeps the order when it is paused and resumed', () => {
    fc.assert(
      fc.property(
        streams,
        fc.array(fc.boolean(), { maxLength: 20 }),
        fc.array(fc.boolean()),
        ([stream, sizes], pauses, resumes) => {
          const chunks = cut(stream, sizes);
          const should = expected(chunks);
          const reader = new Reader(pauses);
          for (const [index, chunk] of chunks.entries()) {
            if (resumes[index]) reader.receiver.resume();
            reader.receiver.receive(chunk);
          }
          reader.receiver.finish();
          assert.deepEqual(reader.reports, should);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('reports nothing while it is paused, and nothing within resume()', async () => {
    const reader = new Reader([true]);
    const frames = ['one', 'two', 'three'].map((message) => wsFrame(Opcode.binary, Buffer.from(message)));
    reader.receiver.receive(Buffer.concat(frames));
    assert.equal(reader.reports.length, 1);
    reader.receiver.resume();
    assert.equal(reader.reports.length, 1);
    await new Promise<void>((resolve) => process.nextTick(resolve));
    assert.equal(reader.reports.length, 3);
  });

  for (const payload of ['', 'x']) {
    it(`takes a message of 100,000 fragments of ${payload.length} bytes, in memory for its bytes only`, () => {
      const COUNT = 100_000;
      const reader = new Reader([], COUNT + 1);
      reader.receiver.receive(wsFrame(Opcode.text, Buffer.alloc(0), false));
      const fragment = wsFrame(Opcode.continuation, Buffer.from(payload), false);
      const chunk = Buffer.concat(Array.from({ length: 100 }, () => fragment));
      const before = process.memoryUsage().arrayBuffers;
      const copy = Buffer.alloc(chunk.length);
      for (let count = 0; count < COUNT; count += 100) {
        chunk.copy(copy);
        reader.receiver.receive(copy);
      }
      const taken = process.memoryUsage().arrayBuffers - before;
      assert.ok(taken < 4 * COUNT, `${taken} bytes`);
      assert.deepEqual(reader.reports, []);
      reader.receiver.receive(wsFrame(Opcode.continuation, Buffer.from('!')));
      assert.deepEqual(reader.reports, [['message', hex(Buffer.from(`${payload.repeat(COUNT)}!`)), false]]);
    });
  }

  it('takes no memory for a length that is only announced', () => {
    const LENGTH = 2 ** 20;
    const beginning = Buffer.from('82ff0000000000100000000000000102', 'hex');
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 100 }, () => {
      const receiver = new WsReceiver(new Reader(), LENGTH);
      receiver.receive(beginning);
      return receiver;
    });
    const taken = process.memoryUsage().arrayBuffers - before;
    assert.ok(taken < readers.length * 1_000, `${taken} bytes`);
  });
});

/** Whole conversations, each of which ends the connection. */
const CONVERSATIONS: Readonly<Record<string, Buffer[]>> = {
  'nothing but a close frame': [wsFrame(Opcode.close, Buffer.alloc(0))],
  'a close frame with code and reason': [
    wsFrame(Opcode.close, Buffer.concat([Buffer.from([0x0f, 0xa1]), Buffer.from('done')])),
  ],
  'a message, pings and a close frame in one piece': [
    wsFrame(Opcode.text, Buffer.from('网关')),
    ...Array.from({ length: 20 }, (_, number) => wsFrame(Opcode.ping, Buffer.from(String(number)))),
    wsFrame(Opcode.close, Buffer.from([0x03, 0xe8])),
  ],
  'a message after the close frame': [
    wsFrame(Opcode.close, Buffer.from([0x03, 0xe8])),
    wsFrame(Opcode.text, Buffer.from('too late')),
  ],
  'a message after what is forbidden': [wsFrame(3, Buffer.alloc(0)), wsFrame(Opcode.text, Buffer.from('x'))],
  'a close frame of one byte': [wsFrame(Opcode.close, Buffer.from([3]))],
  'a close code that is reserved': [wsFrame(Opcode.close, Buffer.from([0x03, 0xee]))],
  'a close reason that is no UTF-8': [wsFrame(Opcode.close, Buffer.from([0x03, 0xe8, 0xff]))],
  'text that is no UTF-8 across two fragments': [
    wsFrame(Opcode.text, Buffer.from([0xe7, 0xbd]), false),
    wsFrame(Opcode.continuation, Buffer.from([0x41])),
  ],
  'a frame that is not masked': [oddFrame(0x81, false, 0, Buffer.from('hello'))],
  'a length of 2⁶⁴ − 1': [Buffer.from('82ffffffffffffffffff', 'hex')],
  'a message within a message': [
    wsFrame(Opcode.text, Buffer.from('a'), false),
    wsFrame(Opcode.text, Buffer.from('b')),
  ],
  'HTTP instead of frames': [Buffer.from('GET / HTTP/1.1\r\n\r\n')],
};

describe('a websocket connection', { timeout: 20_000 }, () => {
  for (const [what, pieces] of Object.entries(CONVERSATIONS)) {
    it(`answers as ws does: ${what}`, async (t) => {
      const { host, listener } = await open(t, 'ws', { maxPackageSize: LONGEST });
      const theirs = await wsServer(t);
      assert.deepEqual(
        await answerTo(t, listener.context.url, Buffer.concat(pieces)),
        await answerTo(t, theirs.url, Buffer.concat(pieces)),
      );
      await host.until('the end', () => host.gone.length === 1);
      assert.deepEqual(
        host.messages.map(({ data, binary }) => [data, binary]),
        theirs.messages,
      );
    });
  }

  it('answers only the last ping of a client that takes nothing, and keeps it', async (t) => {
    const { host, listener } = await open(t, 'ws');
    const [transport, peer] = await host.join(() => StreamPeer.connect(listener.context.url, pongFormat));
    t.after(() => peer.destroy());
    peer.stopReading();
    const large = Buffer.alloc(32 * 1024 * 1024); // more than the operating system keeps for both sides
    transport.write(large);
    const { bufferedBytes } = transport;
    for (let count = 0; count < 1000; count++) peer.write(wsFrame(Opcode.ping, Buffer.from(`${count}`)));
    await host.until('all pings', () => host.signs.length === 1000);
    assert.equal(transport.bufferedBytes, bufferedBytes);
    peer.startReading();
    await peer.until('a pong', () => peer.messages.length > 0);
    assert.deepEqual([peer.messages.map(String), host.gone], [['999'], []]);
  });
});

/** Shows pongs as messages, behind so many zeros. */
const pongFormat = {
  ...wsFormat,
  unpack(chunk: Buffer) {
    if (chunk[0] !== 0) return wsFormat.unpack(chunk);
    const zeros = chunk.findIndex((byte) => byte !== 0);
    return { length: zeros < 0 ? chunk.length : zeros };
  },
};

/** A server as the documentation of `ws` has it. */
async function wsServer(t: TestContext) {
  const messages: unknown[] = [];
  const server = new wsPackage.WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: LONGEST });
  t.after(() => server.close());
  await once(server, 'listening');
  server.on('connection', (client) => {
    client.on('error', () => {});
    client.on('message', (data, binary) => messages.push([data, binary]));
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, messages };
}

/** All that comes back, up to the server's end. */
async function answerTo(t: TestContext, url: string, request: Buffer): Promise<Buffer> {
  const peer = await StreamPeer.connect(url, { ...rawFormat, handshake: wsFormat.handshake });
  t.after(() => peer.destroy());
  peer.write(request);
  await peer.until('the end of the answer', () => peer.ended);
  return Buffer.concat(peer.messages);
}
