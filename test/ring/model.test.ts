import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { RingReader } from '#src/ring/reader.js';
import { RingWriter } from '#src/ring/writer.js';
import { payload, poll, ringAt, writeRecord } from '../support/ring-frames.js';

const SEED = Number(process.env['GW_SEED'] ?? 20261122);
const CAPACITY = 1024;
const LONGEST = CAPACITY / 8 - 8;

interface ModelRecord {
  readonly size: number;
  /** Absent for padding. */
  readonly frame?: number;
  readonly length: number;
  published: boolean;
  /** Whether the present reader has come past it. */
  passed: boolean;
  /** Whether no reader is to have it again. */
  done: boolean;
}

/** What a ring should do, said in the plainest way: a list of the records that lie in it. */
class Model {
  /** From the oldest that is not free. */
  readonly records: ModelRecord[] = [];
  /** Bytes from the start of the data to the tail. */
  #at: number;

  constructor(position: number) {
    this.#at = position & (CAPACITY - 1);
  }

  get used(): number {
    return this.records.reduce((sum, { size }) => sum + size, 0);
  }

  write(frame: number, length: number): boolean {
    const size = Math.ceil((8 + length) / 8) * 8;
    const rest = CAPACITY - this.#at;
    const padding = size > rest ? rest : 0;
    if (this.used + padding + size > CAPACITY) return false;
    const fresh = { published: false, passed: false };
    if (padding > 0) this.records.push({ size: padding, length: 0, done: true, ...fresh });
    this.records.push({ size, frame, length, done: false, ...fresh });
    this.#at = (this.#at + padding + size) % CAPACITY;
    return true;
  }

  publish(): void {
    for (const record of this.records) record.published = true;
  }

  /** What a reader is handed that reads at most `limit` records. */
  poll(limit: number): ModelRecord[] {
    const handed: ModelRecord[] = [];
    for (const record of this.records) {
      if (record.passed) continue;
      if (!record.published || handed.length === limit) break;
      record.passed = true;
      if (!record.done) handed.push(record);
    }
    return handed;
  }

  free(): void {
    while (this.records.length > 0 && this.records[0].done && this.records[0].passed) this.records.shift();
  }

  /** Another reader takes over. */
  succeed(): void {
    for (const record of this.records) record.passed = false;
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), length: fc.nat(LONGEST) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('publish' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('poll' as const), limit: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('take' as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('succeed' as const) }) },
);

/** Starts that wrap soon, in every alignment. */
const position = fc.integer({ min: -128, max: 128 }).map((records) => (records * 8) | 0);

function check(keep: boolean): void {
  const steps = fc.array(step, { minLength: 20, maxLength: 200 });
  fc.assert(
    fc.property(position, steps, (start, actions) => {
      const shared = ringAt(CAPACITY, start);
      const writer = new RingWriter(shared);
      let reader = new RingReader(shared, () => {}, { keep });
      const model = new Model(start);
      let frames = 0;
      /** Handed out to the present reader and not taken. */
      let pending: Array<{ record: ModelRecord; place: number }> = [];

      for (const action of actions) {
        if (action.do === 'write') {
          const written = writeRecord(writer, payload(frames, action.length));
          assert.equal(written, model.write(frames, action.length));
          frames++;
        } else if (action.do === 'publish') {
          writer.publish();
          model.publish();
        } else if (action.do === 'poll') {
          const expected = model.poll(action.limit);
          const handed = poll(reader, action.limit);
          assert.deepEqual(
            handed.map(({ bytes }) => bytes),
            expected.map(({ frame, length }) => payload(frame as number, length)),
          );
          if (keep)
            pending.push(...expected.map((record, index) => ({ record, place: handed[index].place })));
          else for (const record of expected) record.done = true;
          model.free();
        } else if (action.do === 'take') {
          if (pending.length === 0) continue;
          const [{ record, place }] = pending.splice(action.which % pending.length, 1);
          reader.take(place);
          reader.free();
          record.done = true;
          model.free();
        } else {
          reader = new RingReader(shared, () => {}, { keep });
          model.succeed();
          pending = [];
        }
        assert.equal(writer.measure(), model.used);
      }
    }),
    { seed: SEED, numRuns: 1500 },
  );
}

describe('a ring does what its model does', () => {
  before(() => console.log(`ring model seed ${SEED}; set GW_SEED to run with another`));

  it('when a batch is freed as it is handled', () => check(false));
  it('when frames are kept until they are taken', () => check(true));
});
