import assert from 'node:assert/strict';
import { chmod, chown, mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { App, config, LIMIT, TextClient } from './app.js';

/** Whom root becomes, for whom every folder can be written. */
const NOBODY = 65_534;

const CONFIG = {
  ...config(),
  gateway: { listen: [{ url: 'tcp://127.0.0.1:0', protocol: './line.ts' }], router: './router.ts' },
};

/** A project in a folder that cannot be written, as in a read-only image, with TypeScript and packages of its own. */
describe('a read-only project', { timeout: 20 * LIMIT, skip: process.platform === 'win32' }, () => {
  let app: App;

  beforeEach(async () => {
    app = await App.create();
    await app.write('node_modules/greeting/index.js', "exports.greeting = 'hello from a package';");
    await app.write('node_modules/ending/index.js', "exports.newline = '\\n';");
    await app.write(
      'events/index.ts',
      `import { defineEvents } from 'gatewayworker';
import { greeting } from 'greeting';
export default defineEvents({ onMessage: (client) => client.send(greeting) });`,
    );
    await app.write(
      'line.ts',
      `import { newline } from 'ending';
export const input = (buffer: Buffer): number => buffer.indexOf(newline) + 1;
export const decode = (buffer: Buffer): string => buffer.toString().trimEnd();
export const encode = (message: string | Buffer): string => String(message) + newline;`,
    );
    await app.write(
      'router.ts',
      `import type { Router } from 'gatewayworker';
import { newline } from 'ending';
export default ((workers) => workers[newline.length - 1]) satisfies Router;`,
    );
    await mkdir(join(app.folder, 'state'));
  });
  afterEach(async () => {
    await chmod(app.folder, 0o755);
    await app.close();
  });

  /** From now on nothing can be written but in `state`. */
  async function seal(): Promise<void> {
    if (process.getuid?.() === 0) {
      await chown(join(app.folder, 'state'), NOBODY, NOBODY);
      app.user = { uid: NOBODY, gid: NOBODY };
    }
    await chmod(app.folder, 0o555);
  }

  async function files(): Promise<string[]> {
    const all = await readdir(app.folder);
    return all.filter((name) => !name.startsWith('gatewayworker.config.')).toSorted();
  }

  /** Starts, asks, reloads and stops a node: all of it works, and leaves nothing beside the project's files. */
  async function works(): Promise<void> {
    const before = await files();
    await seal();
    const node = await app.start();
    const client = new TextClient(node.listeners[0]);
    assert.equal(await client.ask('?'), 'hello from a package');
    assert.ok(await app.pid());
    assert.equal((await app.run('status')).status, 0);
    assert.deepEqual((await app.run('reload')).error, '');
    assert.equal(await client.ask('?'), 'hello from a package');
    assert.match((await app.run('start')).error, /already runs/);
    assert.deepEqual((await app.run('stop')).error, '');
    assert.equal(await node.ended(), 0);
    assert.equal((await app.run('status')).status, 1);
    assert.deepEqual(await files(), before);
    const left = await readdir(join(app.folder, 'state'));
    assert.deepEqual(left, ['compiled'], 'no pid file, and no socket');
  }

  it('is run with GW_STATEDIR', async () => {
    app.env = { GW_STATEDIR: 'state' };
    app.state = 'state';
    await app.write('gatewayworker.config.json', JSON.stringify(CONFIG));
    await works();
  });

  it('is run with stateDir in a configuration of data', async () => {
    app.state = 'state';
    await app.write('gatewayworker.config.json', JSON.stringify({ ...CONFIG, stateDir: './state' }));
    await works();
  });

  it('is run with stateDir in a configuration in TypeScript, which imports packages as well', async () => {
    app.state = 'state';
    await app.write(
      'gatewayworker.config.json',
      `import { newline } from 'ending';
if (newline !== '\\n') throw new Error('another package');
export default { ...${JSON.stringify(CONFIG)}, stateDir: 'state' };`,
    );
    await rename(join(app.folder, 'gatewayworker.config.json'), join(app.folder, 'gatewayworker.config.ts'));
    await works();
  });

  it('is run in the background, where its log lies in stateDir', async () => {
    app.env = { GW_STATEDIR: 'state' };
    app.state = 'state';
    await app.write('gatewayworker.config.json', JSON.stringify(CONFIG));
    await seal();
    assert.deepEqual((await app.run('start', '-d')).error, '');
    assert.match(await app.read('state/gatewayworker.log'), / is up: /);
    assert.equal((await app.run('restart')).status, 0);
    assert.equal((await app.run('stop')).status, 0);
  });

  it('says what can be done where nothing was', async () => {
    await app.write('gatewayworker.config.json', JSON.stringify(CONFIG));
    await seal();
    const { status, error } = await app.run('start');
    assert.equal(status, 1);
    assert.match(error, /written into .*\.gatewayworker.* or name another with stateDir/);
  });
});
