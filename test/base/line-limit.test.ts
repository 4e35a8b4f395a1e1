import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LineLimit } from '#src/base/line-limit.js';
import { ManualClock } from '#src/testing/manual-clock.js';

const MINUTE = 60_000;

function setUp() {
  const clock = new ManualClock();
  const reports: Array<readonly [kind: string, suppressed: number, message: string]> = [];
  const limit = new LineLimit(clock, ({ kind, suppressed }, message) => {
    reports.push([kind, suppressed, message]);
  });
  /** How many of so many lines are written. */
  const admitted = (kind: string, lines: number, characters = 10): number =>
    Array.from({ length: lines }, () => limit.admits(kind, characters)).filter(Boolean).length;
  return { clock, reports, limit, admitted };
}

describe('what user code may write', () => {
  it('is 6,000 lines a minute of each kind; that more are left out is said at once, and how many at the end', () => {
    const { clock, reports, admitted } = setUp();
    assert.equal(admitted('stdout', 10_000), 6000);
    assert.equal(admitted('stderr', 100), 100);
    assert.deepEqual(
      reports.map(([kind, suppressed]) => [kind, suppressed]),
      [['stdout', 0]],
    );
    assert.match(reports[0][2], /more than 6000 lines or 4 MiB of stdout in a minute.* for 60 s$/);
    clock.advance(MINUTE);
    assert.deepEqual(reports[1], ['stdout', 4000, '4000 lines of stdout were left out']);
    assert.equal(admitted('stdout', 1), 1);
    assert.equal(clock.timers, 0);
  });

  it('is 4 MiB a minute, and nothing is picked from what is above that', () => {
    const { admitted } = setUp();
    assert.equal(admitted('log', 1, 5 * 2 ** 20), 0);
    assert.equal(admitted('log', 1), 0);
    assert.equal(admitted('stdout', 10, 2 ** 20), 4);
  });

  it('costs no timer as long as it is not reached, and counts each minute by itself', () => {
    const { clock, reports, admitted } = setUp();
    for (let minute = 0; minute < 10; minute++) {
      assert.equal(admitted('stdout', 6000), 6000);
      assert.equal(clock.timers, 0);
      clock.advance(MINUTE);
    }
    assert.deepEqual(reports, []);
  });

  it('is reported when the thread ends', () => {
    const { reports, limit, admitted } = setUp();
    admitted('stderr', 6001);
    limit.close();
    assert.equal(reports[1][2], '1 lines of stderr were left out');
  });
});
