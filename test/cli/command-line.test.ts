import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { NodeStatus } from '#src/ops/requests/status.js';
import { App, LIMIT } from './app.js';

/** The command line as a new user meets it: real processes, their words and their exit status. */
describe('the command line', { timeout: 20 * LIMIT }, () => {
  let app: App;

  beforeEach(async () => {
    app = await App.create();
  });
  afterEach(async () => {
    await app.close();
  });

  describe('what cannot be understood', () => {
    for (const [words, message] of [
      [['strat'], /^gatewayworker: there is no command 'strat': did you mean start\?\n$/],
      [
        ['frobnicate'],
        /no command 'frobnicate': expected new, start, stop, restart, reload, check, status, connections, trace, admin, migrate, help\n$/,
      ],
      [['start', 'now'], /too many arguments for 'start'/],
      [['--wach'], /unknown option '--wach'\n\(Did you mean --watch\?\)/],
      [['status', '--jsn'], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
      [['connections', '--limit', '0'], /argument '0' is invalid\. Expected an integer from 1\./],
      [['connections', '--offset', '1e3'], /argument '1e3' is invalid/],
      [['status', '-c'], /argument missing/],
      [['status', '-c', 'missing.json'], /missing\.json does not exist/],
    ] as const) {
      it(`ends ${words.join(' ')} with status 2`, async () => {
        const { status: misused, out, error } = await app.run(...words);
        assert.equal(misused, 2);
        assert.equal(out, '');
        assert.match(error, message);
      });
    }

    it('is not asking for help or the version', async () => {
      const version = await app.run('--version');
      assert.equal(version.status, 0);
      assert.match(version.out, /^\d+\.\d+\.\d+\n$/);
      for (const words of [['--help'], ['help', 'start'], ['connections', '--help'], ['help']]) {
        const { status: helped, out, error } = await app.run(...words);
        assert.deepEqual([helped, error], [0, '']);
        assert.match(out, /^Usage: gatewayworker/);
        assert.ok(out.includes('Examples:'));
        assert.ok(!/supervise\b/.test(out.replace('supervisor', '')));
      }
    });
  });

  it('watches as lines where there is no terminal, until the reader has enough', async () => {
    await app.start();
    const watching = app.watch('status', '--json', '--watch');
    const statuses: NodeStatus[] = [];
    for await (const line of watching.lines) {
      statuses.push(JSON.parse(line));
      if (statuses.length === 2) break;
    }
    assert.ok(statuses[1].uptime > statuses[0].uptime);
    assert.equal(await watching.hangUp(), 0);
  });
});
