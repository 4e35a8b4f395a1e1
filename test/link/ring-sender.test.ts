import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { RingSender } from '#src/link/ring-sender.js';
import { Doorbell } from '#src/ring/doorbell.js';
import { createRing } from '#src/ring/layout.js';
import { RingReader } from '#src/ring/reader.js';
import { RingWriter } from '#src/ring/writer.js';
import { emptyFrame } from '#src/wire/frame.js';
import { poll } from '../support/ring-frames.js';

const SLEEPING = 1;

/** A sender whose far end sleeps, whether it was woken, and a way to let it sleep again. */
function setUp() {
  const doorbell = new Doorbell();
  const words = new Int32Array(doorbell.shared);
  const memory = createRing(2 ** 20);
  const sender = new RingSender(memory, doorbell, 2 ** 20, () => {});
  const sleep = (): void => void (words[SLEEPING] = 1);
  sleep();
  return { sender, reader: new RingReader(memory, () => {}), sleep, woken: () => words[SLEEPING] === 0 };
}

describe('RingSender', () => {
  it('has published each frame when send returns, and wakes the far end at the end of the turn', async () => {
    const { sender, reader, woken } = setUp();
    for (let count = 1; count <= 100; count++) {
      sender.send(emptyFrame());
      assert.equal(poll(reader).length, 1);
    }
    assert.equal(woken(), false);
    await turn();
    await turn();
    assert.equal(woken(), true);
  });

  it('wakes the far end for what is in no hurry within a millisecond', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { sender, reader, sleep, woken } = setUp();
    for (let times = 1; times <= 2; times++) {
      sender.send(emptyFrame(), false);
      assert.equal(poll(reader).length, 1);
      await turn();
      await turn();
      assert.equal(woken(), false);
      t.mock.timers.tick(1);
      assert.equal(woken(), true);
      sleep();
    }
  });

  it('wakes the far end at the end of a turn in which one of many frames was urgent', async () => {
    const { sender, woken } = setUp();
    sender.send(emptyFrame(), false);
    sender.send(emptyFrame());
    sender.send(emptyFrame(), false);
    await turn();
    await turn();
    assert.equal(woken(), true);
  });

  it('wakes a far end that sleeps while much is still being sent, and no oftener than every 256 frames', () => {
    const { sender, sleep, woken } = setUp();
    for (let times = 1; times <= 3; times++) {
      for (let count = 1; count < 256; count++) sender.send(emptyFrame());
      assert.equal(woken(), false);
      sender.send(emptyFrame());
      assert.equal(woken(), true);
      sleep();
    }
    sender.flush();
    assert.equal(woken(), false, 'there was nothing left to announce');
  });

  it('keeps originals of frames in fragments only: one that is whole in its record can be read from the ring', () => {
    const memory = createRing(2 ** 16);
    const sender = new RingSender(memory, new Doorbell(), 2 ** 30, () => {}, { keepOriginals: true });
    const reader = new RingReader(memory, () => {}, { keep: true });
    for (let count = 0; count < 10_000; count++) sender.send(emptyFrame());
    sender.send({ ...emptyFrame(), body: Buffer.alloc(2 ** 14) });
    while (!sender.settled) {
      for (const { place } of poll(reader)) reader.take(place);
      reader.free();
      sender.pump();
    }
    assert.deepEqual(
      sender.originals().map(([, { length }]) => length),
      [2 ** 14 + emptyFrame().body.length + 28],
    );
  });

  it('looks at no more of what waits than what has changed', (t) => {
    const freed = t.mock.method(RingWriter.prototype, 'freed');
    const memory = createRing(2 ** 16);
    const sender = new RingSender(memory, new Doorbell(), 2 ** 30, () => {}, { keepOriginals: true });
    const reader = new RingReader(memory, () => {}, { keep: true });
    const frames = 400;
    const long = { ...emptyFrame(), body: Buffer.alloc(2 ** 13) };
    let pumps = 0;
    for (let count = 0; count < frames; count++, pumps++) sender.send(long);
    for (; !sender.settled; pumps++) {
      for (const { place } of poll(reader)) reader.take(place);
      reader.free();
      sender.pump();
    }
    // one look that finds the oldest still there for each pump, and one for each frame that goes
    assert.ok(freed.mock.callCount() <= pumps + frames, `${freed.mock.callCount()} looks, ${pumps} pumps`);
  });

  it('is full from the first frame that does not fit until half of the ring is free, and says when it is not', async () => {
    const memory = createRing(2 ** 16);
    let drained = 0;
    const sender = new RingSender(memory, new Doorbell(), 2 ** 30, () => drained++);
    const reader = new RingReader(memory, () => {});
    while (sender.settled) {
      assert.equal(sender.full, false);
      assert.equal(sender.send(emptyFrame()), true);
    }
    assert.equal(sender.full, true);
    poll(reader, 10);
    sender.pump();
    await turn();
    assert.deepEqual([sender.settled, sender.full, drained], [true, true, 0]);
    poll(reader);
    sender.pump();
    await turn();
    assert.deepEqual([sender.full, drained], [false, 1]);
  });
});
