import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { END, STARVED, WHOLE, recordLength, ringViews } from '#src/ring/layout.js';
import { RingReader } from '#src/ring/reader.js';
import { RingWriter } from '#src/ring/writer.js';
import { type HandedFrame, fragments, payload, poll, ringAt, writeRecord } from '../support/ring-frames.js';

const CAPACITY = 1024;

function setUp(options: { keep?: boolean } = {}) {
  const shared = ringAt(CAPACITY, 0);
  let rung = 0;
  const reader = (): RingReader => new RingReader(shared, () => void rung++, options);
  return {
    shared,
    views: ringViews(shared),
    writer: new RingWriter(shared),
    reader: reader(),
    /** Another consumer of the same memory, as after the first one's death. */
    successor: reader,
    rung: () => rung,
  };
}

function publish(writer: RingWriter, ...frames: Buffer[]): void {
  for (const frame of frames) {
    for (const { bytes, flags } of fragments(frame, writer.longestPayload)) {
      assert.ok(writeRecord(writer, bytes, flags), 'the ring is full');
    }
  }
  writer.publish();
}

/** Sends a frame of any size, letting `reader` read whenever the ring is full; returns what it was handed meanwhile. */
function passThrough(writer: RingWriter, reader: RingReader, frame: Buffer): HandedFrame[] {
  const handed: HandedFrame[] = [];
  for (const { bytes, flags } of fragments(frame, writer.longestPayload)) {
    while (!writeRecord(writer, bytes, flags)) {
      const before = writer.measure();
      handed.push(...poll(reader, 1));
      assert.ok(writer.measure() < before, 'a full ring whose reader frees nothing');
    }
    writer.publish();
  }
  return [...handed, ...poll(reader)];
}

const bytesOf = (frames: HandedFrame[]) => frames.map(({ bytes }) => bytes);

describe('RingReader', () => {
  it('reads at most as many records as it is told to', () => {
    const { writer, reader } = setUp();
    const frames = [payload(1, 10), payload(2, 20), payload(3, 30)];
    publish(writer, ...frames);
    assert.deepEqual(bytesOf(poll(reader, 2)), frames.slice(0, 2));
    assert.deepEqual(bytesOf(poll(reader, 2)), frames.slice(2));
    assert.deepEqual(poll(reader, 2), []);
  });

  it('frees what a batch has handed out', () => {
    const { writer, reader } = setUp();
    publish(writer, payload(1, 10), payload(2, 20));
    const both = writer.measure();
    poll(reader, 1);
    assert.equal(both - writer.measure(), recordLength(10));
    assert.equal(reader.held, 0);
    poll(reader, 1);
    assert.equal(writer.measure(), 0);
  });

  it('counts a frame as handed out whose handler throws', () => {
    const { writer, reader } = setUp();
    publish(writer, payload(1, 10), payload(2, 20));
    const failure = new Error('thrown by the handler');
    assert.throws(
      () =>
        reader.poll(() => {
          throw failure;
        }, 10),
      failure,
    );
    assert.equal(writer.measure(), recordLength(20));
    assert.deepEqual(bytesOf(poll(reader)), [payload(2, 20)]);
  });

  it('joins the fragments of frames larger than the ring, between whole ones', () => {
    const { writer, reader } = setUp();
    const large = payload(2, 10 * CAPACITY + 3);
    publish(writer, payload(1, 10));
    const handed = passThrough(writer, reader, large);
    publish(writer, payload(3, 1), payload(4, 40));
    handed.push(...poll(reader));
    assert.deepEqual(bytesOf(handed), [payload(1, 10), large, payload(3, 1), payload(4, 40)]);
    assert.equal(writer.measure(), 0);
  });

  it('frees each fragment at once, so that a long frame never waits for itself', () => {
    const { writer, reader } = setUp();
    const [first, second] = fragments(payload(1, 200), writer.longestPayload);
    writeRecord(writer, first.bytes, first.flags);
    writer.publish();
    assert.deepEqual(poll(reader), []);
    assert.equal(writer.measure(), 0);
    writeRecord(writer, second.bytes, second.flags);
    writer.publish();
    assert.deepEqual(bytesOf(poll(reader)), [payload(1, 200)]);
  });

  it('begins at the next whole frame when the reader before it was in the middle of one', () => {
    for (const keep of [false, true]) {
      const { writer, reader, successor } = setUp({ keep });
      const parts = fragments(payload(1, 300), writer.longestPayload);
      assert.equal(parts.length, 3);
      for (const { bytes, flags } of parts) writeRecord(writer, bytes, flags);
      publish(writer, payload(2, 20), payload(3, 200));
      assert.deepEqual(poll(reader, 1), []);
      const next = successor();
      assert.deepEqual(bytesOf(poll(next)), [payload(2, 20), payload(3, 200)], `keep: ${keep}`);
      assert.deepEqual(bytesOf(poll(next)), []);
    }
  });

  it('drops a frame whose end never came when another begins', () => {
    const { writer, reader } = setUp();
    const [begin] = fragments(payload(1, 200), writer.longestPayload);
    writeRecord(writer, begin.bytes, begin.flags);
    publish(writer, payload(2, 200), payload(3, 10));
    assert.deepEqual(bytesOf(poll(reader)), [payload(2, 200), payload(3, 10)]);
  });

  it('is not ended while a closed ring still holds frames', () => {
    const { writer, reader } = setUp();
    publish(writer, payload(1, 10));
    writer.close();
    assert.equal(reader.waiting, true);
    assert.equal(reader.ended, false);
    poll(reader);
    assert.equal(reader.ended, true);
  });
});

describe('RingReader that keeps', () => {
  it('holds what was not taken, and hands nothing out twice', () => {
    const { writer, reader } = setUp({ keep: true });
    publish(writer, payload(1, 10), payload(2, 20));
    const used = writer.measure();
    assert.equal(poll(reader).length, 2);
    assert.equal(reader.held, used);
    assert.equal(writer.measure(), used);
    assert.deepEqual(poll(reader), []);
    assert.equal(reader.waiting, false);
  });

  it('frees up to the oldest frame that is not taken, in whatever order they are', () => {
    const { writer, reader } = setUp({ keep: true });
    publish(writer, payload(0, 8), payload(1, 16), payload(2, 24), payload(3, 32));
    const [zero, one, two, three] = poll(reader);
    const usedAfter = (frame: HandedFrame): number => {
      reader.take(frame.place);
      reader.free();
      return writer.measure();
    };
    assert.equal(usedAfter(two), 16 + 24 + 32 + 40);
    assert.equal(usedAfter(zero), 24 + 32 + 40);
    assert.equal(usedAfter(three), 24 + 32 + 40);
    assert.equal(reader.held, 24 + 32 + 40);
    assert.equal(usedAfter(one), 0);
    assert.equal(reader.held, 0);
  });

  it('frees at the end of a batch what its handler took', () => {
    const { writer, reader } = setUp({ keep: true });
    publish(writer, payload(1, 10), payload(2, 20));
    reader.poll((_bytes, _offset, _length, place) => {
      reader.take(place);
      assert.equal(writer.measure(), recordLength(10) + recordLength(20), 'not while it is being read');
    }, 10);
    assert.equal(writer.measure(), 0);
  });

  it('rings a starved producer only when taking makes room', () => {
    const { writer, reader, views, rung } = setUp({ keep: true });
    publish(writer, ...Array.from({ length: 8 }, (_, n) => payload(n, 120)));
    const frames = poll(reader);
    assert.equal(writer.awaitSpace(), true);
    for (const { place } of frames.slice(1)) reader.take(place);
    reader.free();
    assert.deepEqual([rung(), views.counters[STARVED]], [0, 1], 'the oldest holds them all');
    reader.take(frames[0].place);
    reader.free();
    assert.deepEqual([rung(), views.counters[STARVED]], [1, 0]);
  });

  it('leaves to its successor exactly the frames that were not taken, in order', () => {
    const { writer, reader, successor } = setUp({ keep: true });
    const frames = Array.from({ length: 10 }, (_, n) => payload(n, 5 + n));
    publish(writer, ...frames);
    const handed = poll(reader, 8);
    for (const n of [6, 1, 0, 3]) reader.take(handed[n].place);
    reader.free();
    const next = successor();
    const left = poll(next);
    assert.deepEqual(
      bytesOf(left),
      [2, 4, 5, 7, 8, 9].map((n) => frames[n]),
    );
    for (const { place } of left) next.take(place);
    next.free();
    assert.equal(writer.measure(), 0);
    assert.deepEqual(poll(successor()), []);
  });

  it('passes frames larger than the ring', () => {
    const { writer, reader } = setUp({ keep: true });
    const large = payload(1, 5 * CAPACITY);
    const handed = passThrough(writer, reader, large);
    assert.deepEqual(bytesOf(handed), [large]);
    assert.ok(reader.held > 0, 'its last record is held');
    reader.take(handed[0].place);
    reader.free();
    assert.equal(writer.measure(), 0);
  });

  it('does not lose sight of a taken frame behind padding', () => {
    const { writer, reader, successor } = setUp({ keep: true });
    publish(writer, ...Array.from({ length: 8 }, (_, n) => payload(n, 112)));
    for (const { place } of poll(reader)) reader.take(place);
    reader.free();
    publish(writer, payload(8, 100), payload(9, 100));
    const [first, second] = poll(reader);
    assert.equal(first.place, 0, 'behind padding');
    reader.take(second.place);
    reader.free();
    assert.deepEqual(bytesOf(poll(successor())), [payload(8, 100)]);
    reader.take(first.place);
    reader.free();
    assert.equal(writer.measure(), 0);
  });

  it('is given the frames whose beginning its predecessor had, and hands them out in their turn', () => {
    const { shared, writer, reader } = setUp({ keep: true });
    const long = payload(2, 300);
    publish(writer, payload(1, 10), long, payload(3, 30));
    const [first, second] = poll(reader);
    reader.take(first.place);
    reader.free();
    const originals = new Map([[second.place, long]]);
    const next = new RingReader(shared, () => {}, { keep: true, originals });
    const handed = poll(next);
    assert.deepEqual(bytesOf(handed), [long, payload(3, 30)]);
    assert.equal(handed[0].place, second.place);
    for (const { place } of handed) next.take(place);
    next.free();
    assert.equal(writer.measure(), 0);
  });

  it('hands an end without a beginning to nobody, and frees it', () => {
    const { writer, reader } = setUp({ keep: true });
    writeRecord(writer, payload(1, 10), END);
    writeRecord(writer, payload(2, 10), WHOLE);
    writer.publish();
    const [frame, ...more] = poll(reader);
    assert.deepEqual([frame.bytes, more], [payload(2, 10), []]);
    reader.take(frame.place);
    reader.free();
    assert.equal(writer.measure(), 0);
  });
});
