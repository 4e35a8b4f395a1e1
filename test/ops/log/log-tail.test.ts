import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LogTail } from '#src/ops/log/log-tail.js';

function line(level: number, msg: string): string {
  return `${JSON.stringify({ level, msg })}\n`;
}

function read(tail: LogTail, after = 0): { texts: string[]; last: number } {
  const { lines, last } = tail.after(after);
  return { texts: lines.map((one) => (JSON.parse(one) as { msg: string }).msg), last };
}

describe('the tail of a log', () => {
  it('has what warns, and everything once somebody has asked', () => {
    const tail = new LogTail();
    for (const [level, msg] of [
      [30, 'up'],
      [40, 'slow'],
      [50, 'failed'],
      [20, 'detail'],
    ] as const)
      tail.add(line(level, msg));
    const { texts, last } = read(tail);
    assert.deepEqual(texts, ['slow', 'failed']);
    tail.add(line(30, 'reloaded'));
    assert.deepEqual(read(tail, last).texts, ['reloaded']);
    assert.deepEqual(read(tail).texts, ['slow', 'failed', 'reloaded']);
  });

  it('is bounded in lines and in their length', () => {
    const tail = new LogTail();
    for (let number = 0; number < 1000; number++) tail.add(line(50, `failed ${number}`));
    assert.equal(read(tail).texts.length, 300);
    assert.equal(read(tail).texts.at(-1), 'failed 999');
    tail.add(line(50, 'x'.repeat(1_000_000)));
    assert.equal(tail.after(read(new LogTail()).last).lines.at(-1)?.length, 16_384);
  });

  it('goes on with higher numbers in another process', () => {
    const { last } = read(new LogTail());
    const next = new LogTail();
    next.add(line(50, 'failed'));
    assert.deepEqual(read(next, last).texts, ['failed']);
  });
});
