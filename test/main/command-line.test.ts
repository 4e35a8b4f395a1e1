import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ConnectionPage, NodeStatus } from '#src/ops/status.js';
import { answering, App, config, LIMIT, TextClient } from './app.js';

/** The command line as a new user meets it: real processes, their words and their exit status. */
describe('the command line', { timeout: 20 * LIMIT }, () => {
  let app: App;

  beforeEach(async () => {
    app = await App.create();
  });
  afterEach(async () => {
    await app.close();
  });

  /** What is left of the node in its folder. */
  async function leftovers(): Promise<string[]> {
    const files = await readdir(join(app.folder, '.gatewayworker'));
    return files.filter((file) => /\.(?:pid|sock|lock)$/.test(file));
  }

  async function status(): Promise<NodeStatus> {
    const { out, error } = await app.run('status', '--json');
    assert.equal(error, '');
    return JSON.parse(out);
  }

  /** The node of another pid that the supervisor starts. */
  async function successor(dead: number): Promise<number> {
    for (;;) {
      const { status: code, out } = await app.run('status', '--json');
      if (code === 0) {
        const { pid }: NodeStatus = JSON.parse(out);
        if (pid !== dead) return pid;
      }
    }
  }

  describe('a node in the foreground', () => {
    it('is seen, reloaded and stopped from another shell', async () => {
      const node = await app.start();
      const client = new TextClient(node.listeners[0]);
      assert.equal(await client.next(), 'hello');
      assert.equal(await client.ask('?'), 'one');

      const { status: shown, out } = await app.run('status');
      assert.equal(shown, 0);
      assert.match(out, new RegExp(`^gatewayworker \\d+\\.\\d+\\.\\d+ .*pid ${node.process.pid} `));
      assert.match(out, /text:\/\/127\.0\.0\.1:\d+ +1\n/);
      assert.ok(!out.includes('\u001b'), 'no colours in a pipe');
      const { connections, workers, pid } = await status();
      assert.deepEqual([connections, workers.length, pid], [1, 1, node.process.pid]);

      const page: ConnectionPage = JSON.parse((await app.run('connections', '--json')).out);
      const [{ uid, groups, protocol, remoteAddress }] = page.connections;
      assert.deepEqual(
        [page.total, uid, groups, protocol, remoteAddress],
        [1, 'ann', ['lobby'], 'text', '127.0.0.1'],
      );
      assert.match((await app.run('connections')).out, /^client id .*\n[0-9a-f]{20} {2}ann {2}lobby/);

      await app.write('events/index.ts', answering('two'));
      assert.deepEqual(await app.run('reload'), { status: 0, out: `reloaded (pid ${pid})\n`, error: '' });
      assert.equal(await client.ask('?'), 'two');

      assert.deepEqual(await app.run('stop'), { status: 0, out: `stopped (pid ${pid})\n`, error: '' });
      assert.equal(await node.ended(), 0);
      assert.equal(await client.next(), undefined);
      assert.deepEqual(await leftovers(), []);
    });

    it('refuses new code that does not compile, and says where', async () => {
      const node = await app.start();
      const client = new TextClient(node.listeners[0]);
      await client.next();
      await app.write('events/index.ts', `${answering('two')}\nconst oops = ;\n`);
      const { status: failed, error } = await app.run('reload');
      assert.equal(failed, 1);
      assert.match(error, /^gatewayworker: events\/ does not compile:/);
      assert.match(error, /events\/index\.ts:13:13:\n.*const oops = ;\n.*\^/);
      assert.equal(await client.ask('?'), 'one');
      client.close();
    });

    it('is started once', async () => {
      const node = await app.start();
      for (const words of [['start'], ['start', '-d'], []]) {
        const { status: failed, error } = await app.run(...words);
        assert.equal(failed, 1);
        assert.match(
          error,
          new RegExp(`^gatewayworker: This node already runs .*, with pid ${node.process.pid}, since`),
        );
      }
      assert.equal((await status()).pid, node.process.pid);
    });

    it('is told from one of another configuration in the same folder', async () => {
      const node = await app.start();
      await app.write('b.json', JSON.stringify(config()));
      const other = await app.start('-c', 'b.json');
      assert.equal((await app.run('stop', '-c', 'b.json')).status, 0);
      assert.equal(await other.ended(), 0);
      assert.equal((await status()).pid, node.process.pid);
    });

    it('takes the place of one that was killed', async () => {
      const first = await app.start();
      first.process.kill('SIGKILL');
      assert.equal(await first.ended(), 'SIGKILL');
      assert.equal((await leftovers()).length, 2);
      for (const command of ['status', 'stop', 'reload', 'connections']) {
        const { status: failed, error } = await app.run(command);
        assert.equal(failed, 1);
        assert.match(error, /^gatewayworker: No node runs here/);
      }
      await app.start();
      assert.equal((await leftovers()).length, 2);
    });

    it('is found although its socket was deleted', { skip: !existsSync('/proc/self/stat') }, async () => {
      const node = await app.start();
      const [socket] = (await leftovers()).filter((file) => file.endsWith('.sock'));
      await rm(join(app.folder, '.gatewayworker', socket));
      const { error } = await app.run('start');
      assert.match(error, /already runs/);
      assert.match((await app.run('status')).error, /control socket .* cannot be reached \(ENOENT\)/);
      assert.equal((await app.run('stop')).status, 0);
      assert.equal(await node.ended(), 0);
    });

    it('stops on a signal, and at once on a second one', { skip: process.platform === 'win32' }, async () => {
      const polite = await app.start();
      polite.process.kill('SIGTERM');
      assert.equal(await polite.ended(), 0);
      assert.deepEqual(await leftovers(), []);

      const late = `import { defineEvents } from 'gatewayworker';
        export default defineEvents({ onMessage: () => new Promise(() => {}) });`;
      await app.write('events/index.ts', late);
      await app.write(
        'gatewayworker.config.json',
        JSON.stringify({ ...config(), worker: { count: 1, stopTimeout: 3600 } }),
      );
      const stubborn = await app.start();
      const client = new TextClient(stubborn.listeners[0]);
      void client.ask('a handler that never ends');
      while ((await status()).workers[0].pending === 0);
      stubborn.process.kill('SIGINT');
      await stubborn.logs(/^stopping$/);
      stubborn.process.kill('SIGINT');
      assert.equal(await stubborn.ended(), 1);
      assert.deepEqual(await leftovers(), []);
    });

    it('stops while it starts', async () => {
      await app.write(
        'events/index.ts',
        `import { defineEvents } from 'gatewayworker';
        export default defineEvents({ onWorkerStart: () => new Promise(() => {}), onMessage() {} });`,
      );
      const starting = app.run('start');
      while (!existsSync(join(app.folder, '.gatewayworker/gatewayworker.pid'))) await delay(5);
      const { status: early, error } = await app.run('status');
      assert.equal(early, 1);
      assert.match(error, /still starting/);
      assert.equal((await app.run('stop')).status, 0);
      assert.equal((await starting).status, 0);
    });

    it('reloads on SIGUSR2, and with --watch when a file changes', {
      skip: process.platform === 'win32',
    }, async () => {
      const node = await app.start('--watch');
      const client = new TextClient(node.listeners[0]);
      await client.next();
      node.process.kill('SIGUSR2');
      await node.logs(/^reloaded$/);
      node.log.length = 0;

      await app.write('events/index.ts', answering('two'));
      await node.logs(/^reloaded$/);
      assert.equal(await client.ask('?'), 'two');
      await app.write('events/index.ts', 'const oops = ;');
      await node.logs(/^not reloaded, the old code goes on: [^]*index\.ts:1:13:[^]*\^/);
      assert.equal(await client.ask('?'), 'two');
      node.log.length = 0;
      await app.write('events/word.ts', "export const word = 'three';");
      await app.write(
        'events/index.ts',
        `import { word } from './word.ts';\n${answering('two').replace("'two'", 'word')}`,
      );
      await node.logs(/^reloaded$/);
      assert.equal(await client.ask('?'), 'three');
      client.close();
    });

    it('logs to a file, and opens it anew on SIGHUP', { skip: process.platform === 'win32' }, async () => {
      const node = app.run('start', '--log', 'logs/node.log');
      while (
        !existsSync(join(app.folder, 'logs/node.log')) ||
        !(await app.read('logs/node.log')).includes('is up')
      )
        await delay(5);
      await rename(join(app.folder, 'logs/node.log'), join(app.folder, 'logs/old.log'));
      process.kill(await app.pid(), 'SIGHUP');
      while (!existsSync(join(app.folder, 'logs/node.log'))) await delay(5);
      assert.equal((await app.run('stop')).status, 0);
      assert.deepEqual(await node, { status: 0, out: '', error: '' });
      assert.match(await app.read('logs/node.log'), /"msg":"stopped"/);
      assert.doesNotMatch(await app.read('logs/old.log'), /"msg":"stopped"/);
    });

    it('runs in a folder whose path is too long for a socket', async () => {
      const deep = `${'deep/'.repeat(20)}node.json`;
      await app.write(
        deep,
        JSON.stringify({ ...config(), worker: { count: 1, events: join(app.folder, 'events') } }),
      );
      const node = await app.start('-c', deep);
      assert.equal((await app.run('stop', '-c', deep)).status, 0);
      assert.equal(await node.ended(), 0);
    });
  });

  describe('a node in the background', () => {
    it('is started, found, and stopped with its supervisor', async () => {
      const { status: started, out, error } = await app.run('start', '-d');
      assert.deepEqual([started, error], [0, '']);
      const [, port] = /^gatewayworker \S+ is up: text:\/\/127\.0\.0\.1:(\d+)$/m.exec(out) ?? [];
      assert.match(
        out,
        new RegExp(`^pid ${await app.pid()}, log ${join(app.folder, 'gatewayworker.log')}$`, 'm'),
      );
      const client = new TextClient(`text://127.0.0.1:${port}`);
      assert.equal(await client.next(), 'hello');
      client.close();
      assert.notEqual(await app.pid(), await app.pid('gatewayworker.supervisor.pid'));
      assert.equal((await app.run('start', '-d')).status, 1);

      assert.equal((await app.run('stop', '-g')).status, 0);
      assert.deepEqual(await leftovers(), []);
      assert.match(await app.read('gatewayworker.log'), /"msg":"stopped"/);
      assert.equal((await app.run('stop')).status, 1);
    });

    it('is started again when it dies', async () => {
      await app.run('start', '-d');
      const first = await app.pid();
      process.kill(first, 'SIGKILL');
      assert.notEqual(await successor(first), first);
      assert.match(
        await app.read('gatewayworker.log'),
        /"msg":"the node died with signal SIGKILL; it is started again in 1 s"/,
      );
      assert.equal((await app.run('stop')).status, 0);
    });

    it('is stopped while it is down', async () => {
      await app.run('start', '-d');
      await app.write('events/index.ts', 'const oops = ;');
      process.kill(await app.pid(), 'SIGKILL');
      while (!(await app.read('gatewayworker.log')).includes('again in 2 s')) await delay(5);
      const { status: down, error } = await app.run('status');
      assert.equal(down, 1);
      // the supervisor may be at it just now
      assert.match(error, /its supervisor \(pid \d+\) .* It last ended with|still starting/);
      assert.match((await app.run('start')).error, /already runs/);
      assert.equal((await app.run('stop')).status, 0);
      assert.match((await app.run('status')).error, /No node runs here/);
    });

    it('goes on when its supervisor is killed', async () => {
      await app.run('start', '-d');
      const pid = await app.pid();
      process.kill(await app.pid('gatewayworker.supervisor.pid'), 'SIGKILL');
      while (!(await app.read('gatewayworker.log')).includes('the supervisor has died')) await delay(5);
      assert.equal((await status()).pid, pid);
      assert.match((await app.run('start', '-d')).error, /already runs/);
      assert.equal((await app.run('stop')).status, 0);
    });

    it('is restarted where it was, with the log that it had', async () => {
      assert.match((await app.run('start', '-d', '--log', 'my.log')).out, /my\.log$/m);
      const first = await app.pid();
      await app.write('events/index.ts', answering('two'));
      const { status: restarted, out } = await app.run('restart');
      assert.equal(restarted, 0);
      assert.match(
        out,
        new RegExp(`^stopped \\(pid ${first}\\)\ngatewayworker .* is up: .*\npid \\d+, log .*my\\.log\n$`),
      );
      assert.notEqual(await app.pid(), first);

      const second = await app.pid();
      await app.write('gatewayworker.config.json', '{ "gateway": { "lisen": [] } }');
      const { status: misused, error } = await app.run('restart');
      assert.equal(misused, 2);
      assert.match(error, /lisen/);
      assert.equal((await status()).pid, second, 'the node with the good configuration still runs');
    });

    it('is started by a restart when none runs', async () => {
      assert.match((await app.run('restart', '-d')).out, /^gatewayworker .* is up/);
      assert.equal((await app.run('stop')).status, 0);
    });

    it('says why it did not start', async () => {
      await app.write('events/index.ts', 'const oops = ;');
      const broken = await app.run('start', '-d');
      assert.equal(broken.status, 1);
      assert.match(broken.error, /^gatewayworker: events\/ does not compile:[^]*index\.ts:1:13/);

      await app.write(
        'events/index.ts',
        `import { defineEvents } from 'gatewayworker';
        export default defineEvents({ onWorkerStart() { throw new Error('no database'); }, onMessage() {} });`,
      );
      const failing = await app.run('start', '-d');
      assert.equal(failing.status, 1);
      assert.match(failing.error, /no database/);

      await app.write('gatewayworker.config.json', '{ "gateway": 7 }');
      const misconfigured = await app.run('start', '-d');
      assert.equal(misconfigured.status, 2);
      assert.match(misconfigured.error, /gateway/);

      assert.equal((await app.run('start', '-d', '--log', 'events/index.ts/x.log')).status, 1);
      assert.deepEqual(await leftovers(), []);
    });

    it('reopens its log on SIGHUP', { skip: process.platform === 'win32' }, async () => {
      await app.run('start', '-d');
      await rename(join(app.folder, 'gatewayworker.log'), join(app.folder, 'old.log'));
      process.kill(await app.pid('gatewayworker.supervisor.pid'), 'SIGHUP');
      while (!existsSync(join(app.folder, 'gatewayworker.log'))) await delay(5);
      // supervisor and node have both opened it: the one writes of a death, the other of a stop
      await app.run('stop');
      assert.match(await app.read('gatewayworker.log'), /"msg":"stopped"/);
    });
  });

  describe('what cannot be understood', () => {
    for (const [words, message] of [
      [['strat'], /^gatewayworker: there is no command 'strat': did you mean start\?\n$/],
      [
        ['frobnicate'],
        /no command 'frobnicate': expected start, stop, restart, reload, check, status, connections, help\n$/,
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
