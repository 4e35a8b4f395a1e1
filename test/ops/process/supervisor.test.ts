import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { beforeEach, describe, it } from 'node:test';
import { createLogger } from '#src/base/log.js';
import type { NodeReport } from '#src/ops/process/node-report.js';
import { Supervisor } from '#src/ops/process/supervisor.js';
import { ManualClock } from '#src/testing/manual-clock.js';

class FakeProcess extends EventEmitter {
  readonly signals: NodeJS.Signals[] = [];

  kill(signal: NodeJS.Signals): boolean {
    this.signals.push(signal);
    return true;
  }

  says(report: NodeReport): void {
    this.emit('message', report);
  }

  dies(code: number | null, signal: NodeJS.Signals | null = null): void {
    this.emit('exit', code, signal);
    this.emit('close', code, signal);
  }
}

describe('the supervisor', () => {
  let clock: ManualClock;
  let lives: FakeProcess[];
  let reports: NodeReport[];
  let lines: string[];
  let supervisor: Supervisor;
  let status: Promise<number>;

  beforeEach(() => {
    clock = new ManualClock();
    lives = [];
    reports = [];
    lines = [];
    supervisor = new Supervisor({
      name: 'the node',
      spawn: () => {
        const life = new FakeProcess();
        lives.push(life);
        return life;
      },
      clock,
      log: createLogger({
        level: 'info',
        destination: { write: (line) => void lines.push(JSON.parse(line).msg) },
      }),
      onFirstReport: (report) => reports.push(report),
    });
    status = supervisor.run();
  });

  const up: NodeReport = { event: 'up', pid: 1, listeners: ['ws://0.0.0.0:8282'] };

  /** The node comes up, lives for so many seconds, and dies. */
  async function live(
    seconds: number,
    code: number | null,
    signal: NodeJS.Signals | null = null,
  ): Promise<void> {
    const life = lives[lives.length - 1];
    life.says(up);
    clock.advance(seconds * 1000);
    life.dies(code, signal);
    await turn();
  }

  /** Seconds until the next life. */
  async function pause(): Promise<number> {
    const before = lives.length;
    for (let seconds = 1; seconds < 100; seconds++) {
      clock.advance(1000);
      await turn();
      if (lives.length > before) return seconds;
    }
    return Infinity;
  }

  it('starts a node again, later and later while it keeps dying', async () => {
    const pauses: number[] = [];
    for (let life = 0; life < 7; life++) {
      await live(5, 1);
      pauses.push(await pause());
    }
    assert.deepEqual(pauses, [1, 2, 4, 8, 16, 30, 30]);
    assert.deepEqual(reports, [up]);
    assert.equal(lines[1], 'the node died with exit status 1; it is started again in 2 s');
  });

  it('forgives after a minute of life', async () => {
    await live(5, 1);
    await pause();
    await live(59.9, null, 'SIGKILL');
    assert.equal(await pause(), 2);
    await live(60, null, 'SIGKILL');
    assert.equal(await pause(), 1);
    assert.equal(lines[0], 'the node died with exit status 1; it is started again in 1 s');
    assert.equal(lines[1], 'the node died with signal SIGKILL; it is started again in 2 s');
  });

  it('starts again a node that has ended by itself with status 0', async () => {
    await live(5, 0);
    assert.equal(await pause(), 1);
  });

  for (const code of [1, 2]) {
    it(`gives up a node that does not start the first time, with status ${code}`, async () => {
      const failed: NodeReport = { event: 'failed', code: 'GW_LISTEN', message: 'port 8282 is in use' };
      lives[0].says(failed);
      lives[0].dies(code);
      assert.equal(await status, code);
      assert.deepEqual(reports, [failed]);
      assert.equal(lives.length, 1);
    });
  }

  it('goes on with one that does not start later, until its configuration is wrong', async () => {
    await live(5, 1);
    await pause();
    lives[1].dies(1);
    await turn();
    assert.equal(await pause(), 2);
    lives[2].dies(2);
    assert.equal(await status, 2);
    assert.equal(lives.length, 3);
  });

  it('ends with a node that stops on purpose', async () => {
    lives[0].says(up);
    lives[0].says({ event: 'stopping' });
    lives[0].dies(0);
    assert.equal(await status, 0);
  });

  it('does not start again a node whose stop was cut short', async () => {
    lives[0].says(up);
    lives[0].says({ event: 'stopping' });
    lives[0].dies(1);
    assert.equal(await status, 1);
  });

  it('passes signals on, and only those that mean stop end it', async () => {
    lives[0].says(up);
    for (const signal of ['SIGHUP', 'SIGUSR2', 'SIGTERM', 'SIGTERM'] as const) supervisor.signal(signal);
    assert.deepEqual(lives[0].signals, ['SIGHUP', 'SIGUSR2', 'SIGTERM', 'SIGTERM']);
    lives[0].dies(0);
    assert.equal(await status, 0);
  });

  it('survives a signal for a node that is down', async () => {
    await live(5, 1);
    supervisor.signal('SIGHUP');
    assert.equal(await pause(), 1);
  });

  it('says how the node is while it is down', async () => {
    await assert.rejects(supervisor.answer({ command: 'status' }), {
      code: 'GW_CONTROL',
      message: /\(pid \d+\) is starting it\.$/,
    });
    await live(5, null, 'SIGKILL');
    await pause();
    await live(5, null, 'SIGKILL');
    clock.advance(500);
    const expected = {
      code: 'GW_CONTROL',
      message: /starts it again in 2 s\. It last ended with signal SIGKILL/,
    };
    await assert.rejects(supervisor.answer({ command: 'status' }), expected);
    await assert.rejects(supervisor.answer({ command: 'connections', offset: 0, limit: 1 }), expected);
    await assert.rejects(supervisor.answer({ command: 'reload', graceful: false }), expected);
  });

  it('stops between two lives', async () => {
    await live(5, 1);
    await supervisor.answer({ command: 'stop', graceful: false });
    assert.equal(await status, 0);
    assert.equal(clock.timers, 0);
    assert.equal(lives.length, 1);
  });

  it('stops with the node that it has just started, and not before that has ended', async () => {
    await live(5, 1);
    await pause();
    const { length } = lines;
    const order: string[] = [];
    const stopped = supervisor.answer({ command: 'stop', graceful: false }).then(() => order.push('stopped'));
    assert.deepEqual(lives[1].signals, ['SIGTERM']);
    await turn();
    // it has exited, and what it had to say is still to be heard
    lives[1].emit('exit', 0, null);
    await turn();
    order.push('closed');
    lives[1].emit('close', 0, null);
    await stopped;
    assert.deepEqual(order, ['closed', 'stopped']);
    assert.equal(await status, 0);
    assert.deepEqual([clock.timers, lines.length], [0, length]);
  });

  it('starts nobody once it is to stop, and ends without the clock moving', async () => {
    await live(5, 1);
    const before = clock.now();
    supervisor.expectEnd();
    assert.equal(await status, 0);
    assert.deepEqual([clock.now(), clock.timers, lives.length], [before, 0, 1]);
  });

  it('passes over what is no report', async () => {
    for (const message of [undefined, null, 'up', 7, {}, { event: 'toString' }])
      lives[0].emit('message', message);
    assert.deepEqual(reports, []);
    lives[0].dies(1);
    assert.equal(await status, 1);
  });

  it('survives a process that cannot be created', async () => {
    await live(5, 1);
    await pause();
    lives[1].emit('error', new Error('spawn EAGAIN'));
    lives[1].dies(-11);
    await turn();
    assert.equal(await pause(), 2);
  });
});

/** Lets the promises that are settled have their effects. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
