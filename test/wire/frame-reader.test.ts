import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { GatewayError } from '#src/base/errors.js';
import { Command, Flag } from '#src/wire/command.js';
import { decodeFrame, emptyFrame, encodeFrame, HEADER_LENGTH } from '#src/wire/frame.js';
import { FrameReader } from '#src/wire/frame-reader.js';
import { serialize, unserialize } from '#src/wire/php-serialize.js';
import { usedMemory } from '../support/memory.js';
import { type RecordedLink, recordedLinks } from '../support/transcript.js';

const MAX = 10 * 1024 * 1024;
const frame = (body: string | Buffer) => encodeFrame({ ...emptyFrame(), command: Command.SEND_TO_ONE, body });

const noFrame = () => assert.fail('a frame was found');

/** The frames in `chunks`, each a copy. */
function readAll(chunks: Iterable<Buffer>, max = MAX): Buffer[] {
  const reader = new FrameReader(max);
  const frames: Buffer[] = [];
  for (const chunk of chunks) reader.push(chunk, (bytes) => frames.push(Buffer.from(bytes)));
  return frames;
}

function* cut(bytes: Buffer, lengths: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (const length of lengths) {
    yield bytes.subarray(at, at + length);
    at += length;
  }
  yield bytes.subarray(at);
}

/** A GatewayClient says its secret key first, and then gets replies in place of frames. */
const isQueryLink = ({ sent }: RecordedLink) =>
  decodeFrame(readAll([sent])[0]).command === Command.GATEWAY_CLIENT_CONNECT;

function replies(received: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < received.length; ) {
    const end = at + 4 + received.readUInt32BE(at);
    found.push(received.subarray(at + 4, end));
    at = end;
  }
  return found;
}

const bytewise = (bytes: Buffer) => cut(bytes, Array<number>(bytes.length).fill(1));

describe('frames in a stream', () => {
  it('come out the same however the stream is cut', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 });
    const lengths = fc.array(fc.nat(100), { maxLength: 60 });
    fc.assert(
      fc.property(bodies, lengths, (contents, cuts) => {
        const frames = contents.map((body) => frame(Buffer.from(body)));
        const stream = Buffer.concat(frames);
        assert.deepEqual(readAll(cut(stream, cuts)), frames);
        assert.deepEqual(readAll(bytewise(stream)), frames);
      }),
    );
  });

  it('are views of the chunk when it holds them whole, and keep no chunk alive when not', () => {
    const stream = Buffer.concat([frame('one'), frame('two'), frame('three')]);
    const firstTwo = 2 * (HEADER_LENGTH + 3);
    const reader = new FrameReader(MAX);
    const frames: Buffer[] = [];
    reader.push(stream.subarray(0, firstTwo + 10), (bytes) => frames.push(bytes));
    assert.equal(frames.length, 2);
    assert.ok(frames.every(({ buffer }) => buffer === stream.buffer));
    reader.push(stream.subarray(firstTwo + 10), (bytes) => frames.push(bytes));
    assert.equal(frames.length, 3);
    assert.notEqual(frames[2].buffer, stream.buffer);
    assert.equal(frames[2].buffer.byteLength, frames[2].length);
  });

  it('may be as long as the limit', () => {
    const long = frame(Buffer.alloc(MAX - HEADER_LENGTH, 7));
    const chunks = Array.from({ length: Math.ceil(MAX / 65536) }, () => 65536);
    const [read, after] = readAll(cut(Buffer.concat([long, frame('next')]), chunks));
    assert.ok(read.equals(long));
    assert.deepEqual(after, frame('next'));
  });
});

const REMEDY = ' Either the peer does not speak the inner protocol, or the message is too large.';

describe('lengths out of bounds', () => {
  const refused: [number, string][] = [
    [0, 'A frame announces 0 bytes; expected 28 to 1000.'],
    [27, 'A frame announces 27 bytes; expected 28 to 1000.'],
    [1001, 'A frame announces 1001 bytes; expected 28 to 1000.'],
    [0xffffffff, 'A frame announces 4294967295 bytes; expected 28 to 1000.'],
  ];
  for (const [length, message] of refused) {
    it(`are refused as soon as they are known: ${length}`, () => {
      const field = Buffer.alloc(4);
      field.writeUInt32BE(length);
      assert.throws(() => readAll([field], 1000), { code: 'GW_FRAME', message: `${message}${REMEDY}` });

      const reader = new FrameReader(1000);
      for (let at = 0; at < 3; at++) reader.push(field.subarray(at, at + 1), noFrame);
      assert.throws(() => reader.push(field.subarray(3), noFrame), {
        code: 'GW_FRAME',
        message: `${message}${REMEDY}`,
      });
    });
  }

  it('come after the good frames before them, and end the reader', () => {
    const reader = new FrameReader(MAX);
    const frames: Buffer[] = [];
    const onFrame = (bytes: Buffer) => frames.push(bytes);
    let first: unknown;
    try {
      reader.push(Buffer.concat([frame('good'), Buffer.from('GET / HTTP/1.1\r\n')]), onFrame);
    } catch (error) {
      first = error;
    }
    assert.ok(first instanceof GatewayError && first.code === 'GW_FRAME');
    assert.deepEqual(frames, [frame('good')]);
    assert.throws(
      () => reader.push(frame('later'), onFrame),
      (error) => error === first,
    );
    assert.equal(frames.length, 1);
  });
});

describe('a consumer that throws', () => {
  for (const [how, at] of [
    ['within a chunk', 0],
    ['across chunks', 10],
  ] as const) {
    it(`gets its error back and ends the reader: frame ${how}`, () => {
      const reader = new FrameReader(MAX);
      const failure = new RangeError('no room');
      const fail = () => {
        throw failure;
      };
      const bytes = frame('one');
      reader.push(bytes.subarray(0, at), fail);
      assert.throws(
        () => reader.push(bytes.subarray(at), fail),
        (error) => error === failure,
      );
      assert.throws(
        () => reader.push(bytes, () => assert.fail('the reader is not dead')),
        (error) => error === failure,
      );
    });
  }
});

describe('memory', () => {
  it('grows with the bytes that came and not with those that a header promises', () => {
    const promise = Buffer.alloc(64);
    promise.writeUInt32BE(MAX);
    const before = usedMemory();
    const readers = Array.from({ length: 1000 }, () => {
      const reader = new FrameReader(MAX);
      // each from a chunk of its own, as a socket gives them: a reader that kept the chunk would show here
      const chunk = Buffer.alloc(65536);
      promise.copy(chunk, chunk.length - promise.length);
      reader.push(chunk.subarray(-promise.length), noFrame);
      return reader;
    });
    const perReader = (usedMemory() - before) / readers.length;
    assert.ok(perReader < 4096, `${perReader} bytes are held for ${promise.length} bytes received`);
  });
});

describe('the traffic of a real GatewayWorker 4.0', () => {
  const links = recordedLinks().filter(({ name }) => name.startsWith('gateway#'));

  it('is read and written again byte for byte, frames and the values in them', () => {
    let frames = 0;
    let values = 0;
    const assertValue = (bytes: Buffer) => {
      assert.equal(serialize(unserialize(bytes)).toString('latin1'), bytes.toString('latin1'));
      values++;
    };
    for (const link of links) {
      const streams = isQueryLink(link) ? [link.sent] : [link.sent, link.received];
      for (const stream of streams) {
        const found = readAll([stream]);
        assert.deepEqual(readAll(bytewise(stream)), found);
        assert.deepEqual(Buffer.concat(found.map((bytes) => encodeFrame(decodeFrame(bytes)))), stream);
        frames += found.length;
        for (const { command, flags, ext, body } of found.map((bytes) => decodeFrame(bytes))) {
          if ((flags & Flag.PLAIN_BODY) === 0) assertValue(body);
          if (command === Command.SET_SESSION) assertValue(ext);
          if (command === Command.ON_MESSAGE && ext.length > 0) assertValue(ext);
        }
      }
      if (isQueryLink(link)) replies(link.received).forEach(assertValue);
    }
    assert.ok(frames > 150, `${frames} frames`);
    assert.ok(values > 60, `${values} values`);
  });
});
