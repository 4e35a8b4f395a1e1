import assert from 'node:assert/strict';
import { mkdtemp, mkdir, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { GatewayClient } from '#src/client/index.js';
import { GatewayError } from '#src/base/errors.js';
import { EventsBundle } from '#src/bundle/events-bundle.js';

describe('the bundle of events/', () => {
  let root: string;
  let folder: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'gatewayworker-bundle-'));
    folder = join(root, 'events');
    await mkdir(folder);
    const lines = Array.from({ length: 5000 }, (_, n) => `export const line${n} = ${n};`);
    await writeFile(join(folder, 'index.ts'), lines.join('\n'));
  });
  afterEach(async () => await rm(root, { recursive: true }));

  it('is read whole or not at all, however many write it at once', async () => {
    const bundle = await EventsBundle.build(folder);
    await bundle.write();
    const file = fileURLToPath(bundle.url);
    const whole = await readFile(file, 'utf8');
    for (let round = 0; round < 20; round++) {
      await rm(file);
      const writing = Array.from({ length: 5 }, async () => await bundle.write());
      const reading = Array.from(
        { length: 20 },
        async () => await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => error.code),
      );
      for (const read of await Promise.all(reading)) assert.ok(read === whole || read === 'ENOENT');
      await Promise.all(writing);
      assert.equal(await readFile(file, 'utf8'), whole);
    }
    // no draft is left behind
    assert.equal((await readdir(join(root, '.gatewayworker'))).length, 3);
  });

  it('shares the running package with the user: one GatewayError, whichever way it is imported', async () => {
    await writeFile(
      join(folder, 'index.ts'),
      "import { GatewayError } from 'gatewayworker';\n" +
        "import { GatewayError as OfClient, GatewayClient } from 'gatewayworker/client';\n" +
        'export const errors = [GatewayError, OfClient];\nexport { GatewayClient };\n',
    );
    const bundle = await EventsBundle.build(folder);
    await bundle.write();
    const loaded = (await import(bundle.url)) as { errors: unknown[]; GatewayClient: unknown };
    assert.deepEqual(loaded.errors, [GatewayError, GatewayError]);
    assert.equal(loaded.GatewayClient, GatewayClient);
  });

  it('gives the line of the source for a place in it', async () => {
    await writeFile(join(folder, 'index.ts'), 'interface Nothing {}\nexport function onMessage() {}\n');
    const bundle = await EventsBundle.build(folder);
    await bundle.write();
    const lines = (await readFile(fileURLToPath(bundle.url), 'utf8')).split('\n');
    const line = lines.findIndex((text) => text.includes('function onMessage'));
    assert.equal(bundle.locate(bundle.url, line, 0), `${join(folder, 'index.ts')}:2:8`);
    assert.equal(bundle.locate('file:///elsewhere.mjs', line, 0), undefined);
  });

  it('is kept for a day, and then removed by the next one', async () => {
    const old = await EventsBundle.build(folder);
    await old.write();
    const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
    await utimes(fileURLToPath(old.url), yesterday, yesterday);
    await writeFile(join(folder, 'index.ts'), 'export const other = 1;');
    const next = await EventsBundle.build(folder);
    await next.write();
    const files = await readdir(join(root, '.gatewayworker'));
    assert.equal(files.filter((file) => file.endsWith('.mjs')).length, 1);
  });
});
