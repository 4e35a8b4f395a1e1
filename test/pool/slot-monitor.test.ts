import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { type Monitored, SlotMonitor } from '#src/pool/slot-monitor.js';
import { ManualClock } from '#src/testing/manual-clock.js';

/** Milliseconds between two looks. */
const LOOK = 250;

class Scene implements Monitored {
  readonly clock = new ManualClock();
  readonly monitor: SlotMonitor;
  handled = 0;
  flow: { written: number; freed: number };
  looks = 0;

  constructor(t: TestContext, position = 0) {
    this.flow = { written: position, freed: position };
    this.monitor = new SlotMonitor(this, this.clock, () => this.looks++);
    t.after(() => this.monitor.close());
  }

  write(bytes: number): void {
    this.flow.written = (this.flow.written + bytes) | 0;
  }

  free(bytes: number): void {
    this.flow.freed = (this.flow.freed + bytes) | 0;
  }
}

describe('the slot monitor: events per second', () => {
  it('is the average over the last two seconds', (t) => {
    const scene = new Scene(t);
    assert.equal(scene.monitor.perSecond, 0);
    for (let look = 0; look < 40; look++) {
      scene.handled += 25;
      scene.clock.advance(LOOK);
    }
    assert.equal(scene.looks, 40);
    assert.equal(Math.round(scene.monitor.perSecond), 100);
    scene.clock.advance(10_000);
    assert.equal(scene.monitor.perSecond, 0);
  });
});

describe('the slot monitor: how long the oldest event has waited', () => {
  it('is 0 when none waits, and when each is soon taken', (t) => {
    const scene = new Scene(t);
    scene.clock.advance(1000);
    assert.equal(scene.monitor.waitingFor, 0);
    for (let look = 0; look < 20; look++) {
      scene.write(100);
      scene.clock.advance(LOOK);
      scene.free(100);
    }
    assert.equal(scene.monitor.waitingFor, 0);
  });

  it('grows with the time, to within one look, and falls when the oldest is done and not before', (t) => {
    const scene = new Scene(t);
    scene.write(100);
    scene.clock.advance(1000);
    scene.write(100);
    scene.clock.advance(1000);
    assert.ok(scene.monitor.waitingFor >= 2000 - LOOK && scene.monitor.waitingFor <= 2000);
    scene.free(60);
    assert.ok(scene.monitor.waitingFor >= 2000 - LOOK, 'the first is not done yet');
    scene.free(40);
    assert.ok(scene.monitor.waitingFor >= 1000 - LOOK && scene.monitor.waitingFor <= 1000);
    scene.free(100);
    assert.equal(scene.monitor.waitingFor, 0);
  });

  it('copes with positions that wrap', (t) => {
    const scene = new Scene(t, 0x7fff_ffff - 49);
    scene.write(100);
    scene.clock.advance(1000);
    assert.ok(scene.monitor.waitingFor >= 1000 - LOOK);
    scene.free(100);
    assert.equal(scene.monitor.waitingFor, 0);
  });
});
