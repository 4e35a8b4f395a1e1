import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { answering, App, LIMIT, TextClient } from './app.js';

/** A node that a supervisor keeps running. */
describe('a node in the background', { timeout: 20 * LIMIT }, () => {
  let app: App;

  beforeEach(async () => {
    app = await App.create();
  });
  afterEach(async () => {
    await app.close();
  });

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
    assert.deepEqual(await app.leftovers(), []);
    assert.match(await app.read('gatewayworker.log'), /"msg":"stopped"/);
    assert.equal((await app.run('stop')).status, 1);
  });

  it('says which folder was made for its log, whose name may be misspelt', async () => {
    const first = await app.run('start', '-d', '--log', 'lgos/deep/node.log');
    assert.equal(
      first.out.split('\n')[0],
      `created the folder ${join(app.folder, 'lgos')} for the log ${join(app.folder, 'lgos/deep/node.log')}`,
    );
    const again = await app.run('restart');
    assert.doesNotMatch(again.out, /created/);
    assert.equal((await app.run('stop')).status, 0);
  });

  it('is started again when it dies', async () => {
    await app.run('start', '-d');
    const first = await app.pid();
    process.kill(first, 'SIGKILL');
    assert.notEqual(await app.successor(first), first);
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
    assert.equal((await app.status()).pid, pid);
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
    assert.equal((await app.status()).pid, second, 'the node with the good configuration still runs');
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
    assert.deepEqual(await app.leftovers(), []);
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
