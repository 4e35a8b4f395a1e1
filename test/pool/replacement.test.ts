import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { Replacement } from '#src/pool/replacement.js';
import { turn } from '../support/gateway-scene.js';
import { ManualClock } from '#src/testing/manual-clock.js';

describe('a replacement', () => {
  let clock: ManualClock;
  let replacement: Replacement;
  let wanted: boolean;
  let attempts: number;
  let pauses: number[];
  /** What the next attempts do. */
  let attempt: () => Promise<void>;

  beforeEach(() => {
    clock = new ManualClock();
    wanted = true;
    attempts = 0;
    pauses = [];
    attempt = async () => await Promise.reject(new Error('closed today'));
    replacement = new Replacement({
      clock,
      wanted: () => wanted,
      attempt: async () => {
        attempts++;
        await attempt();
      },
      onFailed: (_, pause) => void pauses.push(pause),
    });
  });

  async function succeed(): Promise<void> {
    wanted = false;
  }

  it('is attempted at once, and then less and less often, for as long as it fails', async () => {
    replacement.begin();
    await turn();
    for (let n = 0; n < 9; n++) {
      clock.advance(pauses[n] - 1);
      await turn();
      assert.equal(attempts, n + 1);
      clock.advance(1);
      await turn();
      assert.equal(attempts, n + 2);
    }
    assert.deepEqual(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
    attempt = succeed;
    clock.advance(10_000);
    await replacement.settled;
    assert.equal(replacement.running, false);
    assert.equal(clock.timers, 0);
  });

  it('begins anew with short pauses once it has succeeded', async () => {
    replacement.begin();
    await turn();
    clock.advance(100);
    await turn();
    attempt = succeed;
    clock.advance(200);
    await replacement.settled;
    wanted = true;
    attempt = async () => await Promise.reject(new Error('again'));
    replacement.begin();
    await turn();
    assert.deepEqual(pauses, [100, 200, 100]);
  });

  for (const what of ['begin', 'hurry'] as const) {
    it(`ends its pause when it is told to ${what}: the next attempt comes at once`, async () => {
      replacement.begin();
      await turn();
      assert.equal(attempts, 1);
      attempt = succeed;
      replacement[what]();
      await replacement.settled;
      assert.equal(attempts, 2);
      assert.equal(clock.timers, 0);
    });
  }

  it('ends its pause and gives up when nobody is wanted any more, without the clock moving', async () => {
    replacement.begin();
    await turn();
    wanted = false;
    replacement.hurry();
    await replacement.settled;
    assert.equal(attempts, 1);
    assert.equal(clock.timers, 0);
  });

  it('is not attempted twice at once', async () => {
    let done!: () => void;
    attempt = async () => {
      await new Promise<void>((resolve) => (done = resolve));
      wanted = false;
    };
    replacement.begin();
    replacement.begin();
    await turn();
    assert.equal(attempts, 1);
    done();
    await replacement.settled;
  });

  it('is settled while it is idle, and hurrying it does nothing', async () => {
    replacement.hurry();
    await replacement.settled;
    assert.equal(attempts, 0);
  });
});
