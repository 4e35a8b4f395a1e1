import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { answering, App, config, LIMIT, TextClient } from './app.js';

/** What signals and changed files do to a node in the foreground. */
describe('a node in the foreground, by signals and files', { timeout: 20 * LIMIT }, () => {
  let app: App;

  beforeEach(async () => {
    app = await App.create();
  });
  afterEach(async () => {
    await app.close();
  });

  it('stops on a signal, and at once on a second one', { skip: process.platform === 'win32' }, async () => {
    const polite = await app.start();
    polite.process.kill('SIGTERM');
    assert.equal(await polite.ended(), 0);
    assert.deepEqual(await app.leftovers(), []);

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
    await app.until(({ workers }) => workers[0].pending > 0);
    stubborn.process.kill('SIGINT');
    await stubborn.logs(/^stopping$/);
    stubborn.process.kill('SIGINT');
    assert.equal(await stubborn.ended(), 1);
    await stubborn.logs(/^ended at once, before it had stopped$/);
    assert.deepEqual(await app.leftovers(), []);
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
    const made = `created the folder ${join(app.folder, 'logs')} for the log ${join(app.folder, 'logs/node.log')}\n`;
    assert.deepEqual(await node, { status: 0, out: made, error: '' });
    assert.match(await app.read('logs/node.log'), /"msg":"stopped"/);
    assert.doesNotMatch(await app.read('logs/old.log'), /"msg":"stopped"/);
  });
});
