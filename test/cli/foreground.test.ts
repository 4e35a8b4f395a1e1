import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ConnectionPage } from '#src/ops/requests/connections.js';
import { answering, App, config, LIMIT, TextClient } from './app.js';

/** A node in a shell, and the commands of another shell. */
describe('a node in the foreground', { timeout: 20 * LIMIT }, () => {
  let app: App;

  beforeEach(async () => {
    app = await App.create();
  });
  afterEach(async () => {
    await app.close();
  });

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
    const { connections, workers, pid } = await app.status();
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
    assert.deepEqual(await app.leftovers(), []);
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
    assert.equal((await app.status()).pid, node.process.pid);
  });

  it('is told from one of another configuration in the same folder', async () => {
    const node = await app.start();
    await app.write('b.json', JSON.stringify(config()));
    const other = await app.start('-c', 'b.json');
    assert.equal((await app.run('stop', '-c', 'b.json')).status, 0);
    assert.equal(await other.ended(), 0);
    assert.equal((await app.status()).pid, node.process.pid);
  });

  it('takes the place of one that was killed', async () => {
    const first = await app.start();
    first.process.kill('SIGKILL');
    assert.equal(await first.ended(), 'SIGKILL');
    assert.equal((await app.leftovers()).length, 2);
    for (const command of ['status', 'stop', 'reload', 'connections']) {
      const { status: failed, error } = await app.run(command);
      assert.equal(failed, 1);
      assert.match(error, /^gatewayworker: No node runs here/);
    }
    await app.start();
    assert.equal((await app.leftovers()).length, 2);
  });

  it('is found although its socket was deleted', { skip: !existsSync('/proc/self/stat') }, async () => {
    const node = await app.start();
    const [socket] = (await app.leftovers()).filter((file) => file.endsWith('.sock'));
    await rm(join(app.folder, '.gatewayworker', socket));
    const { error } = await app.run('start');
    assert.match(error, /already runs/);
    assert.match((await app.run('status')).error, /control socket .* cannot be reached \(ENOENT\)/);
    assert.equal((await app.run('stop')).status, 0);
    assert.equal(await node.ended(), 0);
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
