import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { bootNode } from '#src/testing/index.js';
import { launchBrowser } from '../support/browser.js';
import { fixture } from '../support/fixtures.js';

/** What became of a websocket that a page opened. */
interface Outcome {
  readonly opened: boolean;
  readonly protocol: string;
  readonly first: string | undefined;
}

/** Opens a websocket from a page, with what browsers send by themselves. */
async function fromPage(
  browser: Browser,
  page: string,
  url: string,
  protocols: string[] = [],
): Promise<Outcome> {
  const context = await browser.newContext();
  try {
    const tab = await context.newPage();
    await tab.goto(page);
    return await tab.evaluate(
      async ([to, offered]) =>
        await new Promise<Outcome>((resolve) => {
          // oxlint-disable-next-line no-document-cookie -- the one way that every browser has
          document.cookie = 'sid=from-the-page';
          const socket = new WebSocket(to, offered);
          socket.addEventListener('message', ({ data }) => {
            resolve({ opened: true, protocol: socket.protocol, first: String(data) });
          });
          socket.addEventListener('close', () => resolve({ opened: false, protocol: '', first: undefined }));
        }),
      [url, protocols] as const,
    );
  } finally {
    await context.close();
  }
}

describe('a page in Chromium at the door', { timeout: 60_000 }, () => {
  let browser: Browser;
  // a server of pages: to the gateway it is the same host by one name, and another one by the other
  const pages = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>a page</title>');
  });
  let port = 0;
  before(async () => {
    browser = await launchBrowser();
    await new Promise<void>((resolve) => void pages.listen(0, () => resolve()));
    port = (pages.address() as { port: number }).port;
  });
  after(async () => {
    await browser.close();
    pages.close();
  });

  it('of another host is turned away, one of the same host is asked about, with its cookie, and told its subprotocol', async () => {
    const listen = [{ url: 'ws://127.0.0.1:0' }];
    const node = await bootNode({
      config: { gateway: { listen }, worker: { count: 1, events: fixture('events/handshake') } },
    });
    try {
      const [url] = node.urls;
      const foreign = await fromPage(browser, `http://localhost:${port}/`, url);
      assert.equal(foreign.opened, false);
      const refused = node.log.find(({ kind }) => kind === 'ws origin');
      assert.match(
        String(refused?.msg),
        new RegExp(`"http://localhost:${port}" asked for a websocket of the host "127`),
      );

      const granted = encodeURIComponent(JSON.stringify({ uid: 'Ann', subprotocol: 'v2' }));
      const own = `http://127.0.0.1:${port}/`;
      const welcome = await fromPage(browser, own, `${url}/?how=return&value=${granted}`, ['v1', 'v2']);
      assert.deepEqual(welcome, { opened: true, protocol: 'v2', first: '{"uid":"Ann","session":{}}' });
      assert.equal((await fromPage(browser, own, `${url}/?how=refuse`)).opened, false);
      const cookie = await fromPage(browser, own, `${url}/?how=cookie`);
      assert.deepEqual(cookie, { opened: true, protocol: '', first: '{"uid":"from-the-page","session":{}}' });
    } finally {
      await node.close();
    }
  });
});
