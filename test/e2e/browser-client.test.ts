/** `gatewayworker/browser` as a page has it: from the node that it speaks to, in Chromium. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { Connection } from '#src/browser/connection.js';
import { bootNode } from '#src/testing/index.js';
import { launchBrowser } from '../support/browser.js';
import { samplesIn } from '../support/documents.js';
import { NodeProcess } from '../support/node.js';
import { PackageProject } from '../support/package-project.js';

const PAGE = `<!doctype html><title>a page</title>
<script type="module">
  import { connect } from '/gatewayworker.js';
  globalThis.chat = connect('/socket');
  globalThis.told = [];
  chat.onState((state, end) => told.push(end ? state + ' ' + end.code : state));
  chat.on('said', ({ text }) => told.push('said ' + text));
  chat.on('name', async (greeting) => greeting + ', Ann');
</script>`;

/** Milliseconds. It only bounds a failure. */
const LIMIT = 60_000;

/** What the page has. */
interface Globals {
  readonly chat: Connection;
  readonly told: string[];
}

/** What has been told since it was last asked, as soon as it is as much as expected. */
async function told(page: Page, words: string[]): Promise<void> {
  // waits in the page, where it is looked at with each frame
  await page.waitForFunction(
    (count) => (globalThis as unknown as Globals).told.length >= count,
    words.length,
  );
  assert.deepEqual(await page.evaluate(() => (globalThis as unknown as Globals).told.splice(0)), words);
}
/** It may have to wait until a node is up. */
async function sum(page: Page): Promise<unknown> {
  return await page.evaluate((timeout) => {
    const { chat } = globalThis as unknown as Globals;
    return chat.request('sum', { numbers: [1, 2] }, { timeout });
  }, LIMIT);
}

describe('the client in a page', { timeout: 2 * LIMIT }, () => {
  let browser: Browser;
  let folder: string;
  before(async () => {
    browser = await launchBrowser();
    folder = await mkdtemp(join(tmpdir(), 'browser-client-'));
    await writeFile(join(folder, 'index.html'), PAGE);
  });
  after(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  it('asks and answers, notices no reload, outlives its node, and stays away when it is sent away', async (t) => {
    const listener = { url: 'ws://127.0.0.1:0', static: folder };
    const first = await NodeProcess.start({ events: 'page', gateway: { listen: [listener] } });
    const url = first.url('ws');
    const page = await browser.newPage();
    page.setDefaultTimeout(LIMIT);
    const errors: Error[] = [];
    page.on('pageerror', (error) => errors.push(error));
    await page.goto(url.replace('ws:', 'http:'));
    assert.equal(await sum(page), 3);
    const answered = await page.evaluate(() => {
      const { chat } = globalThis as unknown as Globals;
      chat.emit('say', { text: 'one' });
      return chat.request('ask', { event: 'name', data: 'Hello' });
    });
    assert.deepEqual(answered, { answer: 'Hello, Ann' });
    await told(page, ['open', 'said one']);
    // bytes as every browser has them
    const sent = await page.evaluate(async () => {
      const { chat } = globalThis as unknown as Globals;
      const picture = { name: 'p', parts: [Uint8Array.of(1, 2).buffer, Uint8Array.of(3)] };
      const { parts } = (await chat.request('picture', picture)) as { parts: unknown[] };
      return parts.map((part) => part instanceof Uint8Array && [...part]);
    });
    assert.deepEqual(sent, [[1, 2], [3]]);

    first.signal('SIGUSR2');
    await first.logged('reloaded');
    assert.equal(await sum(page), 3);
    await told(page, []);

    await first.kill();
    await told(page, ['waiting 1006']);
    const answer = sum(page);
    await page.evaluate(() => (globalThis as unknown as Globals).chat.emit('say', { text: 'two' }));
    const second = await NodeProcess.start({ events: 'page', gateway: { listen: [{ ...listener, url }] } });
    t.after(() => second.stop());
    // as Chromium does it when there is a network again
    await page.evaluate(() => dispatchEvent(new Event('online')));
    assert.equal(await answer, 3);
    await page.waitForFunction(() => (globalThis as unknown as Globals).told.includes('said two'));
    const since = await page.evaluate(() => (globalThis as unknown as Globals).told.splice(0));
    assert.deepEqual(since.slice(-3), ['connecting', 'open', 'said two']);

    await page.evaluate(() =>
      (globalThis as unknown as Globals).chat.emit('close', { code: 4401, reason: 'log in again' }),
    );
    await told(page, ['closed 4401']);
    assert.deepEqual(errors, []);
    await page.close();
  });

  it('does what docs/client.md says', async (t) => {
    const [[events], [script]] = ['ts', 'js'].map((language) =>
      samplesIn(language).filter(({ document }) => document === 'docs/client.md'),
    );
    const project = new PackageProject();
    t.after(() => project.remove());
    project.linkPackage();
    project.link('typebox');
    project.write('events/index.ts', events.code);
    project.write(
      'public/index.html',
      `<!doctype html><link rel="icon" href="data:,"><script type="module">${script.code}</script>`,
    );
    const listen = [{ url: 'ws://127.0.0.1:0', static: join(project.folder, 'public') }];
    const node = await bootNode({
      config: { gateway: { listen }, worker: { count: 1, events: join(project.folder, 'events') } },
    });
    t.after(() => node.close());
    const page = await browser.newPage();
    page.setDefaultTimeout(LIMIT);
    const printed: string[] = [];
    page.on('console', (message) => void printed.push(message.text()));
    const said = page.waitForEvent('console', (message) => message.text() === 'ann: hello');
    await page.goto(node.urls[0].replace('ws:', 'http:'));
    await said;
    assert.deepEqual(printed.toSorted(), ['1 here', 'ann: hello']);
    await page.close();
  });
});
