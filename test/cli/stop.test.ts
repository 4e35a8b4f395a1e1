import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { App, config, type Foreground, LIMIT, TextClient } from './app.js';

/** A handler that stays in a system call: it opens a pipe that nobody writes into. */
const STUCK = `import { readFileSync, writeFileSync } from 'node:fs';
import { defineEvents } from 'gatewayworker';
export default defineEvents({
  onMessage(client, message) {
    if (message === 'hello') return client.send('hello');
    writeFileSync('stuck', '');
    readFileSync('pipe');
  },
});
`;

/** Whether a process has not ended, be it that its parent has not asked for its status yet. */
function runs(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', `${pid}`], { encoding: 'utf8' });
  return /^[^Z]/.test(stdout.trim());
}

describe('a stop while a handler is in a system call that never returns', {
  timeout: 20 * LIMIT,
  skip: process.platform === 'win32',
}, () => {
  let app: App;

  beforeEach(async () => {
    app = await App.create();
    execFileSync('mkfifo', [join(app.folder, 'pipe')]);
    await app.write('events/index.ts', STUCK);
    await app.write(
      'gatewayworker.config.json',
      JSON.stringify({ ...config(), worker: { count: 1, stopTimeout: 0.2 } }),
    );
  });
  afterEach(async () => {
    await app.close();
  });

  /** Has the only worker's thread go where nothing gets it back from. */
  async function stick(url: string): Promise<void> {
    new TextClient(url).ask('stick').catch(() => {});
    while (!existsSync(join(app.folder, 'stuck'))) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async function startStuck(): Promise<Foreground> {
    const node = await app.start();
    await stick(node.listeners[0]);
    return node;
  }

  async function startStuckInBackground(): Promise<number> {
    const { out, status } = await app.run('start', '-d');
    assert.equal(status, 0, out);
    await stick(/text:\S+/.exec(out)?.[0] ?? '');
    return await app.pid();
  }

  it('one signal: the process ends after stopTimeout, and its log tells why', async () => {
    const node = await startStuck();
    node.process.kill('SIGTERM');
    assert.equal(await node.ended(), 'SIGKILL');
    assert.ok(node.log.some((line) => line.includes('a thread does not end')));
    assert.equal(node.log.at(-1), 'stopped');
  });

  it('two signals: the process ends at once', async () => {
    await app.write(
      'gatewayworker.config.json',
      JSON.stringify({ ...config(), worker: { count: 1, stopTimeout: 3600 } }),
    );
    const node = await startStuck();
    node.process.kill('SIGTERM');
    await node.logs(/^stopping$/);
    node.process.kill('SIGTERM');
    assert.equal(await node.ended(), 'SIGKILL');
    assert.ok(!existsSync(join(app.folder, '.gatewayworker/gatewayworker.pid')));
  });

  it('stop says that it has stopped when its processes are gone', async () => {
    const pid = await startStuckInBackground();
    const supervisor = await app.pid('gatewayworker.supervisor.pid');
    assert.deepEqual(await app.run('stop'), { status: 0, out: `stopped (pid ${pid})\n`, error: '' });
    for (const ended of [pid, supervisor]) assert.ok(!runs(ended));
  });

  it('restart -d leaves a node that runs', async () => {
    const pid = await startStuckInBackground();
    const { status, out, error } = await app.run('restart', '-d');
    assert.equal(status, 0, error);
    assert.match(out, new RegExp(`^stopped \\(pid ${pid}\\)\n.* is up: `));
    const client = new TextClient(/text:\S+/.exec(out)?.[0] ?? '');
    assert.equal(await client.ask('hello'), 'hello');
    client.close();
  });

  it('stop, of several nodes', async () => {
    await app.write(
      'gatewayworker.config.json',
      JSON.stringify({
        ...config(),
        gateway: { listen: [{ url: 'text://127.0.0.1:0' }], lanPort: 0 },
        worker: { count: 1, stopTimeout: 0.2 },
        register: { listen: '127.0.0.1:0' },
      }),
    );
    const node = await app.start('--nodes', '2');
    await stick(node.listeners[0]);
    const { status, out } = await app.run('stop');
    assert.equal(status, 0);
    assert.equal(out, `stopped (pid ${node.process.pid})\n`);
    assert.equal(await node.ended(), 0);
  });
});
