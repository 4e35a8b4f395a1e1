import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLogger } from '#src/base/log.js';
import { originOf, StrayErrors } from '#src/ops/log/stray-errors.js';
import { ManualClock } from '#src/testing/manual-clock.js';

const OWN = new URL('../../../dist/', import.meta.url).href;

/** An error with such a stack. */
function thrown(message: string, ...frames: string[]): Error {
  const error = new Error(message);
  error.stack = [`Error: ${message}`, ...frames.map((frame) => `    at ${frame}`)].join('\n');
  return error;
}

const timer = 'listOnTimeout (node:internal/timers:581:17)';
const ours = `deliver (${OWN}gateway/gateway.js:10:5)`;
const users = 'Timeout._onTimeout (file:///app/.gatewayworker/router.ts-1.mjs:6:9)';

describe('an error that nobody caught', () => {
  it('is known by its stack: a user’s file, ours, or only packages and node', () => {
    assert.equal(originOf(thrown('a', users, timer)), 'user');
    assert.equal(originOf(thrown('a', '/app/router.js:3:1', timer)), 'user');
    assert.equal(originOf(thrown('a', 'C:\\app\\router.js:3:1', timer)), 'user');
    assert.equal(originOf(thrown('a', 'async file:///app/router.js:3:1')), 'user');
    assert.equal(originOf(thrown('a', users, ours, timer)), 'user', 'a promise of a router, which we called');
    assert.equal(originOf(thrown('a', ours, timer)), 'own');
    assert.equal(originOf(thrown('a', `f (${decodeURI(OWN).slice('file://'.length)}node.js:1:1)`)), 'own');
    assert.equal(originOf(thrown('a', 'emit (/app/node_modules/x/y.js:1:1)', ours)), 'own');
    assert.equal(originOf(thrown('a', 'emit (file:///app/node_modules/x/y.js:1:1)', timer)), 'helper');
    assert.equal(
      originOf(thrown('spawn EMFILE', 'onErrorNT (node:internal/child_process:483:16)')),
      'helper',
    );
    assert.equal(originOf('text'), 'helper');
    assert.equal(originOf(undefined), 'helper');
  });

  it('is logged once a minute for each kind, and the process goes on; one of ours ends it', () => {
    const clock = new ManualClock();
    const lines: { level: number; msg: string; suppressed?: number }[] = [];
    const ended: unknown[] = [];
    const strays = new StrayErrors(clock, (error) => ended.push(error));
    strays.logTo(
      createLogger({ level: 'info', destination: { write: (line) => void lines.push(JSON.parse(line)) } }),
    );
    for (let n = 0; n < 1000; n++) strays.caught(thrown('no database', users));
    strays.caught('a string');
    assert.deepEqual(
      lines.map(({ level, msg }) => [level, msg.replace(/^nobody caught an error of .*, and/, '…')]),
      [
        [50, '… the process goes on: Error: no database'],
        [50, '… the process goes on: a string'],
      ],
    );
    clock.advance(60_000);
    assert.equal(lines[2].suppressed, 999);
    const own = thrown('ours', ours);
    assert.deepEqual(ended, []);
    strays.caught(own);
    assert.deepEqual(ended, [own]);
  });

  it('is why a start fails; before there is a log, and after, it is not', async () => {
    const ended: unknown[] = [];
    const strays = new StrayErrors(new ManualClock(), (error) => ended.push(error));
    const never = new Promise(() => {});
    const refused = assert.rejects(strays.during(never), {
      code: 'GW_PROTOCOL_MODULE',
      message: /^While the node started, nobody caught an error of .*: Error: no database\n.*router\.ts/,
    });
    strays.caught(thrown('no database', users));
    await refused;
    const helper = assert.rejects(strays.during(never), { code: 'GW_CONTROL', message: /spawn EMFILE$/ });
    strays.caught(thrown('spawn EMFILE'));
    await helper;
    assert.equal(await strays.during(Promise.resolve(7)), 7);
    assert.deepEqual(ended, []);
    strays.caught(thrown('too early to go on'));
    assert.equal(ended.length, 1);
  });
});
