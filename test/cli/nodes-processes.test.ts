import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { answering, App, config, groupConfig, LIMIT, NODES } from './app.js';

/** How the processes of nodes that share the ports start, are told, and end. */
describe('the processes of nodes that share the ports', {
  timeout: 20 * LIMIT,
  skip: process.platform === 'win32',
}, () => {
  let app: App;

  beforeEach(async () => {
    app = await App.create();
    await app.write('gatewayworker.config.json', JSON.stringify(groupConfig()));
  });
  afterEach(async () => {
    await app.close();
  });

  async function refused(...words: readonly string[]): Promise<string> {
    const { status: failed, error } = await app.run('start', '--nodes', String(NODES), ...words);
    assert.notEqual(failed, 0);
    return `${failed} ${error}`;
  }

  it('obey the first process and no signal, and open the log file anew with it', async () => {
    const node = app.run('start', '--nodes', String(NODES), '--log', 'node.log');
    const logs = async (file: string, text: string): Promise<void> => {
      while (!existsSync(join(app.folder, file)) || !(await app.read(file)).includes(text)) await delay(5);
    };
    await logs('node.log', 'is up: ');
    const [first, second] = await app.members();
    // what a terminal sends to all of them
    for (const pid of [first, second])
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']) process.kill(Number(pid), signal);
    await rename(join(app.folder, 'node.log'), join(app.folder, 'old.log'));
    process.kill(await app.pid(), 'SIGHUP');
    assert.deepEqual(await app.members(), [first, second]);
    process.kill(Number(second), 'SIGKILL');
    await logs('node.log', '#1 died with signal SIGKILL');
    // and that is logged by the first node, of the second
    await logs('node.log', '#0","worker":');
    process.kill(await app.pid(), 'SIGTERM');
    assert.deepEqual(await node, { status: 0, out: '', error: '' });
    assert.match(await app.read('node.log'), /"msg":"stopped"/);
  });

  it('say once why they cannot start', async () => {
    await app.write('events/index.ts', 'const oops = ;');
    assert.match(await refused(), /^1 gatewayworker: events\/ does not compile:[^]*index\.ts:1:13:[^]*\^\n$/);
    assert.match(await refused('-d'), /^1 gatewayworker: events\/ does not compile:/);
    await app.write('events/index.ts', answering('one'));
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    await app.write('gatewayworker.config.json', JSON.stringify(groupConfig(port)));
    assert.match(
      await refused(),
      new RegExp(`^1 gatewayworker: Cannot listen on text://127.0.0.1:${port} \\(gateway\\.listen\\): `),
    );
    taken.close();
    await app.write('gatewayworker.config.json', JSON.stringify(config()));
    assert.match(await refused(), /^2 gatewayworker: --nodes 2 .*remove register: false/);
    const { status: misused, error } = await app.run('start', '--nodes', '65');
    assert.equal(misused, 2);
    assert.match(error, /'65' is invalid.*Expected an integer from 1 to 64/);
  });

  describe('in the background', () => {
    it('are started again together, and restarted as many as they were', async () => {
      const { out, error } = await app.run('start', '-d', '--nodes', String(NODES));
      assert.match(out, /^gatewayworker \S+ is up: text:\/\/127\.0\.0\.1:\d+, 2 nodes\npid \d+, log /, error);
      const first = await app.pid();
      const members = await app.members();
      process.kill(first, 'SIGKILL');
      for (const pid of members) while (alive(Number(pid))) await delay(5);
      await app.successor(first);
      assert.notEqual(await app.pid(), first);
      assert.equal((await app.members()).length, NODES);

      assert.match((await app.run('restart')).out, /is up: .*, 2 nodes\n/);
      assert.equal((await app.members()).length, NODES);
      assert.doesNotMatch((await app.run('restart', '--nodes', '1')).out, / nodes\n/);
      assert.equal((await app.status()).members, undefined);
      assert.equal((await app.run('stop')).status, 0);
    });
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
