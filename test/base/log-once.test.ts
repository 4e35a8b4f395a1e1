import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LogOnce } from '#src/base/log-once.js';
import { createLogger } from '#src/base/log.js';
import { ManualClock } from '#src/testing/manual-clock.js';

const MINUTE = 60_000;

function setUp() {
  const lines: Array<Record<string, unknown>> = [];
  const clock = new ManualClock();
  const logger = createLogger({
    level: 'info',
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  });
  return { lines, clock, logger, limited: new LogOnce(logger, clock) };
}

describe('LogOnce', () => {
  it('writes a kind once, then reports at the end of the minute how many it held back', () => {
    const { lines, clock, limited } = setUp();
    for (let n = 1; n <= 1000; n++) limited.warn('bad-frame', { n }, 'a bad frame');
    assert.equal(lines.length, 1);
    assert.deepEqual([lines[0].kind, lines[0].n, lines[0].suppressed], ['bad-frame', 1, undefined]);

    clock.advance(MINUTE - 1);
    assert.equal(lines.length, 1);
    clock.advance(1);
    assert.equal(lines.length, 2);
    assert.deepEqual([lines[1].kind, lines[1].n, lines[1].suppressed], ['bad-frame', 1000, 999]);
    assert.equal(lines[1].msg, 'a bad frame');
  });

  it('writes at most one line a minute under a steady flood, and counts every warning', () => {
    const { lines, clock, limited } = setUp();
    for (let second = 0; second < 600; second++) {
      limited.warn('flood', {}, 'again');
      clock.advance(1000);
    }
    assert.equal(lines.length, 11);
    assert.equal(
      lines.reduce((sum, { suppressed }) => sum + Number(suppressed ?? 1), 0),
      600,
    );
  });

  it('writes more than one line of a kind where it is told to, at the level that is asked for', () => {
    const { lines, clock, logger } = setUp();
    const limited = new LogOnce(logger, clock, 3);
    for (let n = 1; n <= 10; n++) limited.error('failed', { n }, 'a failure');
    assert.deepEqual(
      lines.map(({ level, n }) => [level, n]),
      [
        [50, 1],
        [50, 2],
        [50, 3],
      ],
    );
    clock.advance(MINUTE);
    assert.deepEqual([lines[3].level, lines[3].n, lines[3].suppressed], [50, 10, 7]);
    for (let n = 1; n <= 10; n++) limited.error('failed', { n }, 'a failure');
    assert.equal(lines.length, 6, 'a report is a line as well');
    limited.close();
    assert.equal(lines[6].suppressed, 8);
  });

  it('keeps kinds apart, and forgets a quiet one', () => {
    const { lines, clock, limited } = setUp();
    limited.warn('a', {}, 'a');
    limited.warn('b', {}, 'b');
    assert.deepEqual(
      lines.map(({ kind }) => kind),
      ['a', 'b'],
    );
    clock.advance(MINUTE);
    assert.equal(clock.timers, 0);
    limited.warn('a', {}, 'a');
    assert.equal(lines.length, 3);
    assert.equal(lines[2].suppressed, undefined);
  });

  it('holds a bounded number of kinds, and loses no warning of the others', () => {
    const { lines, clock, limited } = setUp();
    for (let n = 0; n < 100_000; n++) limited.warn(`kind ${n}`, {}, 'made up');
    assert.ok(clock.timers <= 257, `${clock.timers} timers`);
    clock.advance(MINUTE);
    assert.equal(lines.at(-1)?.kind, '(other kinds)');
    assert.equal(
      lines.reduce((sum, { suppressed }) => sum + Number(suppressed ?? 1), 0),
      100_000,
    );
  });

  it('reports what is pending when it is closed, and stops its timers', () => {
    const { lines, clock, limited } = setUp();
    limited.warn('a', {}, 'a');
    limited.warn('a', {}, 'a');
    limited.warn('b', {}, 'b');
    limited.close();
    limited.close();
    assert.deepEqual(
      lines.map(({ kind, suppressed }) => [kind, suppressed]),
      [
        ['a', undefined],
        ['b', undefined],
        ['a', 1],
      ],
    );
    assert.equal(clock.timers, 0);
  });
});
