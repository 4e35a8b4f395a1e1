import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  BEGIN,
  PADDING,
  RECORD_HEADER_LENGTH,
  STARVED,
  TAIL,
  WHOLE,
  createRing,
  recordLength,
  ringViews,
} from '#src/ring/layout.js';
import { RingReader } from '#src/ring/reader.js';
import { RingWriter } from '#src/ring/writer.js';
import { payload, poll, ringAt, writeRecord } from '../support/ring-frames.js';

const CAPACITY = 1024;

function setUp(position = 0) {
  const shared = ringAt(CAPACITY, position);
  let rung = 0;
  return {
    shared,
    views: ringViews(shared),
    writer: new RingWriter(shared),
    reader: new RingReader(shared, () => void rung++),
    rung: () => rung,
  };
}

describe('RingWriter', () => {
  it('writes a record at an eighth of the ring at most, header included', () => {
    const { writer } = setUp();
    assert.equal(writer.capacity, CAPACITY);
    assert.equal(recordLength(writer.longestPayload), CAPACITY / 8);
  });

  it('shows nothing before publish, and then everything that was committed', () => {
    const { writer, reader } = setUp();
    assert.ok(writeRecord(writer, payload(1, 10)));
    assert.ok(writeRecord(writer, payload(2, 20)));
    assert.equal(reader.waiting, false);
    assert.deepEqual(poll(reader), []);
    assert.equal(writer.publish(), true);
    assert.equal(writer.publish(), false);
    assert.equal(reader.waiting, true);
    assert.deepEqual(
      poll(reader).map(({ bytes }) => bytes),
      [payload(1, 10), payload(2, 20)],
    );
    assert.equal(reader.waiting, false);
  });

  it('leaves no trace of a claim that is never committed', () => {
    const { writer, reader } = setUp();
    assert.ok(writer.claim(50) >= 0);
    assert.equal(writer.publish(), false);
    assert.ok(writeRecord(writer, payload(1, 9)));
    writer.publish();
    assert.deepEqual(
      poll(reader).map(({ bytes }) => bytes),
      [payload(1, 9)],
    );
  });

  it('fills the ring to the last byte, and then refuses until the consumer has freed enough', () => {
    const { writer, reader } = setUp();
    const record = payload(7, CAPACITY / 8 - RECORD_HEADER_LENGTH);
    for (let n = 0; n < 8; n++) assert.ok(writeRecord(writer, record), `record ${n}`);
    assert.equal(writer.used, CAPACITY);
    assert.equal(writer.claim(0), -1);
    writer.publish();
    assert.equal(writer.claim(1), -1);
    assert.equal(poll(reader, 1).length, 1);
    assert.equal(writer.used, CAPACITY, 'what it last knew');
    assert.equal(writer.claim(record.length + 1), -1);
    assert.ok(writeRecord(writer, record));
    assert.equal(writer.claim(0), -1);
    writer.publish();
    assert.equal(poll(reader).length, 8);
    assert.equal(writer.measure(), 0);
  });

  it('puts padding where a record would lie across the end of the data', () => {
    const { writer, reader, views } = setUp();
    for (let n = 0; n < 8; n++) assert.ok(writeRecord(writer, payload(n, 112)));
    writer.publish();
    assert.equal(poll(reader).length, 8);
    // 960 of 1,024 are behind: 64 are left to the end, and this record needs 72
    assert.equal(writer.claim(64), RECORD_HEADER_LENGTH);
    writer.data.set(payload(9, 64), RECORD_HEADER_LENGTH);
    writer.commit(WHOLE);
    writer.publish();
    assert.equal(views.words[960 / 4], 64 - RECORD_HEADER_LENGTH);
    assert.equal(views.words[960 / 4 + 1] & PADDING, PADDING);
    assert.equal(writer.used, 64 + 72);
    const [frame, ...more] = poll(reader);
    assert.deepEqual(frame, { bytes: payload(9, 64), place: 0 });
    assert.deepEqual(more, []);
    assert.equal(writer.measure(), 0, 'the padding is free, too');
  });

  it('needs no padding when a record ends where the data ends', () => {
    const { writer, reader } = setUp();
    for (let n = 0; n < 8; n++) assert.ok(writeRecord(writer, payload(n, 112)));
    writer.publish();
    poll(reader);
    assert.equal(writer.claim(56), 960 + RECORD_HEADER_LENGTH);
    writer.commit(WHOLE);
    assert.equal(writer.claim(56), RECORD_HEADER_LENGTH);
  });

  it('pads with a bare header when 8 bytes are left', () => {
    const { writer, reader } = setUp(CAPACITY - 8);
    assert.equal(writer.claim(1), RECORD_HEADER_LENGTH);
    writer.data[RECORD_HEADER_LENGTH] = 42;
    writer.commit(WHOLE);
    writer.publish();
    assert.deepEqual(
      poll(reader).map(({ bytes }) => [...bytes]),
      [[42]],
    );
    assert.equal(reader.waiting, false);
  });

  it('refuses a record when the padding before it leaves too little room', () => {
    const { writer, reader } = setUp(CAPACITY - 64);
    for (let n = 0; n < 7; n++) assert.ok(writeRecord(writer, payload(n, 112)), `record ${n}`);
    // padding 64 and seven records of 120: 120 of the 1,024 bytes are left, of which none is padding
    assert.equal(writer.used, 64 + 7 * 120);
    assert.equal(writer.claim(120), -1);
    assert.ok(writeRecord(writer, payload(7, 112)));
    writer.publish();
    assert.equal(poll(reader).length, 8);
  });

  it('asks to be woken when the ring is more than half full, and is woken when it no longer is', () => {
    const { writer, reader, views, rung } = setUp();
    for (let n = 0; n < 5; n++) assert.ok(writeRecord(writer, payload(n, 120)));
    writer.publish();
    assert.equal(writer.awaitSpace(), true);
    assert.equal(views.counters[STARVED], 1);
    assert.equal(rung(), 0);
    poll(reader, 1);
    assert.equal(views.counters[STARVED], 0);
    assert.equal(rung(), 1, 'half is free: 512 of 1,024');
    poll(reader);
    assert.equal(rung(), 1, 'once');
  });

  it('does not ask when there is room already', () => {
    const { writer, reader, views, rung } = setUp();
    for (let n = 0; n < 4; n++) assert.ok(writeRecord(writer, payload(n, 120)));
    writer.publish();
    assert.equal(writer.awaitSpace(), false);
    assert.equal(views.counters[STARVED], 0);
    poll(reader);
    assert.equal(rung(), 0);
  });

  it('is not woken early by a consumer that frees little', () => {
    const { writer, reader, rung } = setUp();
    for (let n = 0; n < 8; n++) assert.ok(writeRecord(writer, payload(n, 120)));
    writer.publish();
    assert.equal(writer.awaitSpace(), true);
    for (let n = 0; n < 3; n++) {
      poll(reader, 1);
      assert.equal(rung(), 0, `${n + 1} of 8 records read`);
    }
    poll(reader, 1);
    assert.equal(rung(), 1);
  });

  it('runs on over 2^32 without a seam', () => {
    const { writer, reader, views } = setUp(-CAPACITY / 2);
    for (let n = 0; n < 100; n++) {
      assert.ok(writeRecord(writer, payload(n, (n * 37) % 113)), `record ${n}`);
      assert.ok(writeRecord(writer, payload(n + 1000, 64)), `record ${n}`);
      writer.publish();
      assert.deepEqual(
        poll(reader).map(({ bytes }) => bytes),
        [payload(n, (n * 37) % 113), payload(n + 1000, 64)],
      );
      assert.equal(writer.measure(), 0);
    }
    assert.ok(views.counters[TAIL] > 0, 'it has wrapped');
  });

  it('takes a ring over where the writer before it has published', () => {
    const { shared, writer, reader } = setUp();
    writeRecord(writer, payload(1, 30));
    writer.publish();
    writeRecord(writer, payload(2, 30));
    const next = new RingWriter(shared);
    assert.equal(next.used, recordLength(30));
    writeRecord(next, payload(3, 30));
    next.publish();
    assert.deepEqual(
      poll(reader).map(({ bytes }) => bytes),
      [payload(1, 30), payload(3, 30)],
    );
  });

  it('closes after what it has committed', () => {
    const { writer, reader } = setUp();
    assert.equal(reader.ended, false);
    writeRecord(writer, payload(1, 5), BEGIN);
    writer.close();
    assert.equal(reader.ended, false, 'a record is still to be read');
    poll(reader);
    assert.equal(reader.ended, true);
  });

  it('refuses nothing that fits into a ring of the smallest size', () => {
    const writer = new RingWriter(createRing(1));
    assert.ok(writer.claim(writer.longestPayload) >= 0);
  });
});
