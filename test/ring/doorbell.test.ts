import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Doorbell } from '#src/ring/doorbell.js';

const [SIGNAL, SLEEPING] = [0, 1];

/** A served doorbell, with a count of the rounds and a way to give it work. */
function setUp() {
  const doorbell = new Doorbell();
  const words = new Int32Array(doorbell.shared);
  let rounds = 0;
  let work = 0;
  let onRound: (() => void) | undefined;
  doorbell.serve(() => {
    rounds++;
    onRound?.();
    if (work === 0) return false;
    work--;
    return true;
  });
  return {
    doorbell,
    words,
    rounds: () => rounds,
    add: (count: number) => void (work += count),
    /** Resolves after the next round. */
    nextRound: () => new Promise<void>((resolve) => (onRound = resolve)),
    asleep: () => Atomics.load(words, SLEEPING) === 1,
  };
}

describe('Doorbell', { timeout: 10_000 }, () => {
  // waiting on a doorbell does not keep a process alive
  let alive: NodeJS.Timeout;
  before(() => void (alive = setInterval(() => {}, 2 ** 30)));
  after(() => clearInterval(alive));

  it('looks for work once more after saying that it sleeps', () => {
    const { doorbell, rounds, asleep } = setUp();
    assert.equal(rounds(), 2);
    assert.equal(asleep(), true);
    doorbell.close();
  });

  it('wakes a sleeper, by another doorbell on the same memory', async () => {
    const { doorbell, nextRound, asleep } = setUp();
    const woken = nextRound();
    new Doorbell(doorbell.shared).ring();
    assert.equal(asleep(), false);
    await woken;
    doorbell.close();
  });

  it('signals a sleeper once, however often it is rung', () => {
    const { doorbell, words } = setUp();
    const signal = words[SIGNAL];
    for (let n = 0; n < 1000; n++) doorbell.ring();
    assert.equal(words[SIGNAL], signal + 1);
    doorbell.close();
  });

  it('does nothing to a thread that is awake', () => {
    const doorbell = new Doorbell();
    const untouched = new Int32Array(doorbell.shared).slice();
    doorbell.ring();
    assert.deepEqual(new Int32Array(doorbell.shared), untouched);
  });

  it('goes on while there is work, with other work of the event loop in between, and then sleeps', async () => {
    const { doorbell, rounds, add, asleep } = setUp();
    const already = rounds();
    add(5);
    doorbell.ring();
    let others = 0;
    for (; !asleep() && others < 1000; others++) await turn();
    assert.ok(others >= 5 && others < 1000, `${others} turns of the event loop`);
    assert.equal(rounds() - already, 5 + 2);
    doorbell.close();
  });

  it('sees work that comes between its last look and its sleep', () => {
    const doorbell = new Doorbell();
    let looks = 0;
    doorbell.serve(() => ++looks === 2);
    assert.equal(looks, 2);
    assert.equal(new Int32Array(doorbell.shared)[SLEEPING], 0, 'it found some, so it does not sleep');
    doorbell.close();
  });

  it('sees a ring that comes between its last look and its wait', async () => {
    const doorbell = new Doorbell();
    let looks = 0;
    const rungInTime = new Promise<void>((resolve) => {
      doorbell.serve(() => {
        looks++;
        if (looks === 2) doorbell.ring();
        if (looks === 3) resolve();
        return false;
      });
    });
    await rungInTime;
    doorbell.close();
  });

  it('ends when closed: asleep, awake, or in the middle of its work', async () => {
    const asleep = setUp();
    const rounds = asleep.rounds();
    asleep.doorbell.close();
    asleep.doorbell.close();

    const awake = setUp();
    awake.add(1000);
    awake.doorbell.ring();
    await awake.nextRound();
    awake.doorbell.close();
    const awakeRounds = awake.rounds();

    const doorbell = new Doorbell();
    let looks = 0;
    doorbell.serve(() => {
      looks++;
      doorbell.close();
      return true;
    });
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.deepEqual([asleep.rounds(), awake.rounds(), looks], [rounds, awakeRounds, 1]);
  });
});
