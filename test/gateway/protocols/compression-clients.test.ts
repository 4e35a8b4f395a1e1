import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { type ClientOptions, WebSocket as WsClient } from 'ws';
import { launchBrowser } from '../../support/browser.js';
import { corpus } from './corpus.js';
import { open } from './opening.js';

/*
 * Clients that people use, each with compression as it comes: all that they send comes back, and is short on the wire both ways.
 */

const LENGTHS = [10, 2_000, 60_000, 131_072, 2_000, 300_000];
const TEXTS = LENGTHS.map((length) => corpus.text(length).toString());
const ALL = TEXTS.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
const run = promisify(execFile);

/** A port that sends everything back. */
async function echoing(t: TestContext) {
  const { host, listener } = await open(t, 'ws', { compression: true });
  host.onMessage = ({ transport, data, binary }) => {
    transport.write(transport.protocol.encode(data, binary, transport));
  };
  return { host, url: listener.context.url };
}

/** Has a client do its part, and looks at what went over the wire. */
async function look(t: TestContext, client: (url: string) => Promise<void>): Promise<void> {
  const { host, url } = await echoing(t);
  const [transport] = await host.join(async () => await client(url));
  assert.deepEqual(
    host.messages.map(({ data }) => data.toString()),
    TEXTS,
  );
  // the longest goes back as it came
  const compressed = ALL - 300_000;
  assert.ok(transport.bytesIn < ALL / 3, `${transport.bytesIn} of ${ALL} bytes in`);
  assert.ok(transport.bytesOut < 300_000 + compressed / 3, `${transport.bytesOut} of ${ALL} bytes out`);
  assert.deepEqual(host.refusals, []);
}

describe('compression with the package ws', { timeout: 20_000 }, () => {
  const ways: ReadonlyArray<readonly [what: string, options: ClientOptions['perMessageDeflate']]> = [
    ['as it comes', true],
    ['and no short window', { clientMaxWindowBits: 15, threshold: 0 }],
    ['and the shortest windows', { serverMaxWindowBits: 9, clientMaxWindowBits: 9, threshold: 0 }],
    ['and no contexts', { serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: 0 }],
  ];
  for (const [what, perMessageDeflate] of ways) {
    it(what, async (t) => {
      await look(t, async (url) => {
        const client = new WsClient(url, { perMessageDeflate });
        await once(client, 'open');
        assert.match(client.extensions, /permessage-deflate/);
        for (const text of TEXTS) {
          client.send(text);
          assert.deepEqual(String((await once(client, 'message'))[0]), text);
        }
        client.close();
      });
    });
  }
});

/** With a WebSocket as browsers have it. It runs in a page as well, so it uses nothing from here. */
async function browserClient([url, texts]: readonly [string, readonly string[]]): Promise<[string, boolean]> {
  const client = new WebSocket(url);
  const next = async (event: 'open' | 'message'): Promise<unknown> =>
    await new Promise((resolve, reject) => {
      client.addEventListener(event, (found) => resolve('data' in found ? found.data : undefined), {
        once: true,
      });
      client.addEventListener('close', () => reject(new Error('closed')), { once: true });
    });
  await next('open');
  let same = true;
  for (const text of texts) {
    const answer = next('message');
    client.send(text);
    if ((await answer) !== text) same = false;
  }
  const { extensions } = client;
  client.close();
  return [extensions, same];
}

describe('compression with a browser', { timeout: 30_000 }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  it('as it comes', async (t) => {
    await look(t, async (url) => {
      const page = await browser.newPage();
      await page.goto(`${url.replace('ws:', 'http:')}/healthz`);
      const [extensions, same] = await page.evaluate(browserClient, [url, TEXTS] as const);
      assert.match(extensions, /^permessage-deflate/);
      assert.ok(same);
    });
  });
});

// node has one from 22 on
if ('WebSocket' in globalThis) {
  describe('compression with the WebSocket of node', { timeout: 20_000 }, () => {
    it('as it comes', async (t) => {
      const { host, url } = await echoing(t);
      const [transport] = await host.join(async () => {
        const [extensions, same] = await browserClient([url, TEXTS]);
        assert.match(extensions, /^permessage-deflate/);
        assert.ok(same);
      });
      // it sends without
      assert.ok(transport.bytesOut < 300_000 + ALL / 3);
    });
  });
}

const PYTHON = `
import asyncio, sys, websockets
async def main():
    async with websockets.connect(sys.argv[1], max_size=None) as client:
        print(*(extension.name for extension in client.extensions))
        for text in sys.stdin.read().split("|"):
            await client.send(text)
            assert await client.recv() == text
asyncio.run(main())
`;

describe('compression with the package websockets of Python', { timeout: 20_000 }, () => {
  it('as it comes', async (t) => {
    await look(t, async (url) => {
      const child = run('/usr/bin/python3', ['-c', PYTHON, url]);
      child.child.stdin?.end(TEXTS.join('|'));
      const { stdout } = await child;
      assert.equal(stdout, 'permessage-deflate\n');
    });
  });
});
