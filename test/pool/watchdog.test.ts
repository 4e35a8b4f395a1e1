import assert from 'node:assert/strict';
import { Session } from 'node:inspector';
import { type TestContext, describe, it } from 'node:test';
import type { Clock } from '#src/base/clock.js';
import { Watchdog } from '#src/pool/watchdog.js';
import { BEAT } from '#src/ring/thread-gauge.js';
import { ManualClock } from '#src/testing/manual-clock.js';

const LIMIT = 1000;

/** A watchdog, the thread that it watches, and a machine that can be suspended. */
class Scene {
  readonly clock = new ManualClock();
  readonly watchdog: Watchdog;
  /** What the watchdog said: milliseconds. */
  readonly stuck: number[] = [];
  beats = 0;
  /** Milliseconds in which nothing ran. */
  suspended = 0;

  constructor(t: TestContext) {
    const clock: Clock = {
      now: () => this.clock.now() + this.suspended,
      setTimeout: (callback, milliseconds) => this.clock.setTimeout(callback, milliseconds),
      setInterval: (callback, milliseconds) => this.clock.setInterval(callback, milliseconds),
    };
    this.watchdog = new Watchdog(
      clock,
      LIMIT,
      () => this.beats,
      (milliseconds) => this.stuck.push(milliseconds),
    );
    t.after(() => this.watchdog.close());
  }

  /** Time passes, and the thread beats as it should. */
  live(milliseconds: number): void {
    for (let passed = 0; passed < milliseconds; passed += BEAT) {
      this.beats++;
      this.clock.advance(BEAT);
    }
  }
}

describe('the watchdog', () => {
  it('says once that a thread has stood still for as long as it may, and how long', (t) => {
    const scene = new Scene(t);
    scene.live(10_000);
    scene.clock.advance(LIMIT - 1);
    assert.deepEqual(scene.stuck, []);
    scene.clock.advance(1);
    assert.deepEqual(scene.stuck, [LIMIT]);
    scene.clock.advance(60_000);
    assert.deepEqual(scene.stuck, [LIMIT]);
    assert.equal(scene.clock.timers, 0);
  });

  it('begins anew with every beat', (t) => {
    const scene = new Scene(t);
    for (let n = 0; n < 20; n++) {
      scene.live(BEAT);
      scene.clock.advance(LIMIT - BEAT);
    }
    assert.deepEqual(scene.stuck, []);
  });

  it('waits for the first beat: before that the thread is not there yet', (t) => {
    const scene = new Scene(t);
    scene.clock.advance(60_000);
    assert.deepEqual(scene.stuck, []);
    scene.live(BEAT);
    scene.clock.advance(LIMIT);
    assert.deepEqual(scene.stuck, [LIMIT]);
  });

  it('does not count the time in which the machine was suspended', (t) => {
    const scene = new Scene(t);
    scene.live(1000);
    scene.suspended += 3_600_000;
    scene.clock.advance(BEAT);
    assert.deepEqual(scene.stuck, []);
    scene.live(1000);
    assert.deepEqual(scene.stuck, []);
  });

  it('still notices a thread that was stuck before that, and is after', (t) => {
    const scene = new Scene(t);
    scene.live(1000);
    scene.clock.advance(LIMIT / 2);
    scene.suspended += 3_600_000;
    scene.clock.advance(LIMIT / 2);
    assert.equal(scene.stuck.length, 1);
    assert.ok(scene.stuck[0] <= LIMIT + BEAT, `${scene.stuck[0]}`);
  });

  it('is not put off by an inspector session of its own process, which is how stacks are taken', (t) => {
    const session = new Session();
    session.connect();
    t.after(() => session.disconnect());
    const scene = new Scene(t);
    scene.live(1000);
    scene.clock.advance(LIMIT);
    assert.equal(scene.stuck.length, 1);
  });

  it('leaves no timer behind', (t) => {
    const scene = new Scene(t);
    scene.watchdog.close();
    assert.equal(scene.clock.timers, 0);
  });
});
