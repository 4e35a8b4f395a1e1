import assert from 'node:assert/strict';
import { type TestContext, after, afterEach, before, describe, it } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { NodeStatus } from '#src/ops/requests/status.js';
import { AdminScene } from '../support/admin-scene.js';
import { ApiClient } from '../support/api-client.js';
import { launchBrowser } from '../support/browser.js';
import { NodeProcess } from '../support/node.js';
import { WsClient } from '../support/ws-client.js';

/** Milliseconds that anything may take. */
const LIMIT = 15_000;
const IMAGE = '<img src=x onerror="window.taken=1">';
/** Text that turns the direction of writing, and characters that steer terminals and parsers. */
const TURNED = 'ann\u202Egnp.exe\u2066\u0000\u0007\u001b[2J';

describe('the admin page in Chromium', { timeout: 120_000 }, () => {
  let browser: Browser;
  let node: NodeProcess;
  let client: ApiClient;
  /** What the page should not have done: errors, and what its policy has kept from happening. */
  const faults: string[] = [];
  before(async () => {
    [browser, node] = await Promise.all([
      launchBrowser(),
      NodeProcess.start({ events: 'api', name: IMAGE, admin: { listen: '127.0.0.1:0' } }),
    ]);
    client = await ApiClient.connect(node.url('ws'));
  });
  after(async () => {
    await browser.close();
    await node.stop();
  });
  afterEach(() => assert.deepEqual(faults.splice(0), []));

  /** A page that nobody has signed in to. */
  async function blank(t: Pick<TestContext, 'after'>, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width: 1200, height: 800 },
      locale: 'en-US',
      ...options,
    });
    t.after(async () => await context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(LIMIT);
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      // a request that is refused is one
      if (message.type() === 'error' && !message.text().includes('401')) faults.push(message.text());
    });
    return page;
  }

  async function open(t: Pick<TestContext, 'after'>, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await blank(t, options);
    await page.goto((await node.admin()).link);
    await page.locator('.tile dd', { hasText: /\d/ }).first().waitFor();
    return page;
  }

  /** How the node is, for one that is played. */
  async function played(): Promise<{ status: NodeStatus } & Record<string, unknown>> {
    const live = await (
      await fetch(`${(await node.admin()).url}api/status`, {
        headers: {
          Authorization: `Bearer ${decodeURIComponent((await node.admin()).link.replace(/^.*#token=/, ''))}`,
        },
      })
    ).json();
    return {
      status: live.result as NodeStatus,
      active: 0,
      bytesIn: 0,
      bytesOut: 0,
      durations: [],
      delays: [],
      bounds: [1],
      threads: [],
    };
  }

  it('is signed in to by the link, whose token does not stay in the address', async (t) => {
    const page = await open(t);
    assert.equal(new URL(page.url()).hash, '');
    await page.getByText('Nothing is slow or wrong.').waitFor();
    assert.equal(await page.locator('.tile', { hasText: 'Clients' }).locator('dd').textContent(), '1');
    // a new page of the same browser has the cookie
    await page.goto((await node.admin()).url);
    await page.locator('.tile').first().waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Token').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'The token is wrong.' }).waitFor();
    await page.getByLabel('Token').fill((await node.admin()).link);
    await page.keyboard.press('Enter');
    await page.locator('.tile').first().waitFor();
    // as after a start of the node
    await page.context().clearCookies();
    await page.getByRole('link', { name: 'Clients' }).click();
    await page
      .getByRole('alert')
      .filter({ hasText: 'You are signed out, or the node was started anew.' })
      .waitFor();
    await page.goto((await node.admin()).link);
    await page.locator('.tile').first().waitFor();
    assert.equal(new URL(page.url()).hash, '');
  });

  it('shows what clients are called as text, whatever that is', async (t) => {
    const hostile = await ApiClient.connect(node.url('ws'));
    const long = await ApiClient.connect(node.url('ws'));
    await hostile.call('client.bindUid', IMAGE);
    await hostile.call('client.join', `"><script>window.taken=1</script>${TURNED}`);
    await hostile.call('setSession', hostile.id, {
      [IMAGE]: '</pre><script>window.taken=1</script>',
      turned: TURNED,
    });
    await long.call('client.bindUid', 'x'.repeat(100_000));
    await long.call('client.join', TURNED.repeat(9000));
    const page = await open(t);
    const shownSafely = async (): Promise<void> => {
      assert.equal(await page.evaluate(() => (globalThis as { taken?: number }).taken), undefined);
      assert.equal(await page.locator('img, main script, iframe').count(), 0);
      // neither broader than the window, nor as high as what is too long
      const size = await page.evaluate(() => [
        document.documentElement.scrollWidth,
        document.documentElement.scrollHeight,
      ]);
      assert.ok(size[0] <= 1200 && size[1] < 3000, String(size));
      const text = await page.locator('body').innerText();
      for (const hidden of ['\u0000', '\u0007', '\u001b', '\u202e', '\u2066'])
        assert.ok(!text.includes(hidden));
    };
    await shownSafely();
    assert.match(await page.title(), /^<img src=x/);
    for (const list of ['Uids', 'Groups', 'Clients']) {
      await page.getByRole('link', { name: list, exact: true }).click();
      await page.getByRole('heading', { name: list }).waitFor();
      await page.locator('tbody td').first().waitFor();
      await shownSafely();
    }
    await page.getByRole('searchbox').fill('ONERROR');
    await page.getByText('1 found').waitFor();
    await page.getByRole('link', { name: hostile.id }).click();
    await page.locator('pre', { hasText: '</pre><script>' }).waitFor();
    await page.getByText('"><script>window.taken=1</script>ann\\u202egnp.exe').waitFor();
    await shownSafely();
    await page.goto(`${(await node.admin()).url}#/client?id=${long.id}`);
    await page.getByText('(100,000)').waitFor();
    await shownSafely();
    await page.goto(`${(await node.admin()).url}#/client?id=${encodeURIComponent(IMAGE)}`);
    await page.getByText('is no client id; expected 20 hexadecimal digits').waitFor();
    await shownSafely();
    // that one is no client id
    assert.match(faults.splice(0).join(), /^[^,]*400[^,]*$/);
    await Promise.all([hostile.ws.close(), long.ws.close()]);
  });

  it('shows a name that is only white space, and lets no marks paint over another row', async (t) => {
    const [spaces, piled] = [
      await ApiClient.connect(node.url('ws')),
      await ApiClient.connect(node.url('ws')),
    ];
    await spaces.call('client.bindUid', ' \u3000');
    await piled.call('client.bindUid', `e${'\u0301'.repeat(40)}`);
    const page = await open(t);
    await page.getByRole('link', { name: 'Uids' }).click();
    await page.getByRole('link', { name: '\\u0020\\u3000' }).waitFor();
    const name = page.locator('tbody .name', { hasText: '\u0301' });
    const above = page.locator('thead');
    await page.getByRole('searchbox').fill('\u0301');
    await page.getByText('1 found').waitFor();
    const painted = await above.screenshot();
    await name.evaluate((element) => (element.textContent = 'e'));
    assert.ok(painted.equals(await above.screenshot()), 'marks are painted over the row above');
    await Promise.all([spaces.ws.close(), piled.ws.close()]);
  });

  it('sends, and closes a client, once that is confirmed', async (t) => {
    const watcher = await WsClient.connect(node.url('ws'));
    const page = await open(t);
    await page.getByRole('button', { name: 'Send…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Message').fill('the shop closes in 5 minutes');
    await dialog.getByRole('button', { name: 'Go on…' }).click();
    await dialog.getByText('The message goes to all 2 clients.').waitFor();
    await dialog.getByRole('button', { name: 'Send', exact: true }).click();
    await dialog.getByText('Sent.').waitFor();
    assert.equal(await watcher.next(), 'the shop closes in 5 minutes');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });

    await page.getByRole('link', { name: 'Clients' }).click();
    await page.getByRole('searchbox').fill(`:${watcher.localPort}`);
    await page.getByText('1 found').waitFor();
    await page.locator('tbody a').first().click();
    // what is on the screen is who is meant
    const meant = async (whom: string, name: string | RegExp): Promise<void> => {
      await page.getByRole('banner').getByRole('button', { name: 'Send…' }).click();
      assert.equal(await dialog.locator('select').inputValue(), whom);
      assert.match(await dialog.getByLabel('Name or id').inputValue(), new RegExp(name));
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    };
    await page.getByRole('heading', { name: /^Client / }).waitFor();
    await meant('client', /^[0-9a-f]{20}$/);
    const ofClient = page.url();
    for (const of of ['group', 'uid']) {
      await page.goto(`${(await node.admin()).url}#/clients?${of}=room+7`);
      await page.locator('.chosen', { hasText: 'room 7' }).filter({ hasText: of }).waitFor();
      await meant(of, '^room 7$');
    }
    await page.goto(ofClient);
    await page.getByRole('button', { name: 'Close…' }).click();
    await dialog.getByRole('button', { name: 'Close it' }).click();
    await dialog.getByText('It is closed.').waitFor();
    await watcher.closed;
    await page.keyboard.press('Escape');
    await page.getByText('This client is not here any more.').waitFor();
  });

  it('traces a client, whatever it sends, for as long as it is looked at', async (t) => {
    const page = await open(t);
    await page.goto(`${(await node.admin()).url}#/client?id=${client.id}`);
    await page.getByRole('button', { name: 'Trace from now on' }).click();
    await page.getByText('tracing 1 client').waitFor();
    await client.attempt('no such call', IMAGE);
    await page.locator('.log li', { hasText: '→ message' }).filter({ hasText: 'onerror' }).waitFor();
    assert.equal(await page.locator('main img').count(), 0);
    await page.getByRole('button', { name: 'End the trace' }).click();
    await page.getByText('The trace is over.').waitFor();
  });

  it('reloads, shows who takes over, and the log', async (t) => {
    const page = await open(t);
    await page.getByText('thread 1', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Reload…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Reload' }).click();
    await dialog.getByText('Reloaded.').waitFor();
    await dialog.locator('.log li', { hasText: 'reloaded' }).waitFor();
    await dialog.getByText('1 of 1 worker has another thread.').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await page.getByText('thread 2 has taken over from 1').waitFor();
  });

  it('says in words what is wrong, and shows the log of it', async (t) => {
    const page = await open(t);
    await page.getByText('Nothing is slow or wrong.').waitFor();
    client.ws.send('no JSON');
    await page.getByText('handlers of worker 0 failed 1 time').waitFor();
    await page.getByRole('link', { name: 'Log' }).click();
    await page.locator('.log .error', { hasText: 'onMessage failed' }).waitFor();
  });

  it('speaks Chinese and English, is dark where that is preferred, and fits a phone', async (t) => {
    const page = await open(t, {
      locale: 'zh-CN',
      colorScheme: 'dark',
      viewport: { width: 360, height: 700 },
    });
    await page.getByRole('link', { name: '概览' }).waitFor();
    assert.equal(
      await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor),
      'rgb(16, 20, 24)',
    );
    for (const tab of ['客户端', '组', '日志']) {
      await page.getByRole('link', { name: tab, exact: true }).click();
      await page.getByRole('heading', { name: tab }).waitFor();
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360, tab);
    }
    await page.getByLabel('语言').selectOption('English');
    await page.getByRole('heading', { name: 'Log' }).waitFor();
    await page.reload();
    await page.getByRole('link', { name: 'Overview' }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
  });

  it('can be used by keyboard', async (t) => {
    const page = await open(t);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Skip to the content');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Send…');
    // what can be pressed has a name
    for (const control of await page.locator('button, a, input, select').all()) {
      const name = await control.evaluate(
        (element) => element.ariaLabel ?? (element.textContent || element.closest('label')?.textContent),
      );
      assert.notEqual(name ?? '', '');
    }
  });

  it('has nothing to change with where the listener is read-only, and says when the node is silent', async (t) => {
    const scene = await AdminScene.open(t, { readOnly: true });
    const now = await played();
    let trouble = '';
    scene.onLive = () => {
      if (trouble !== '') throw new Error(trouble);
      const one = { number: 0, name: 'shop', pid: 1, state: 'up', restarts: 0, lastExit: null, now };
      return { time: Date.now(), nodes: [one] };
    };
    const page = await blank(t);
    await page.goto(scene.server.link.link);
    await page.getByText('read-only').waitFor();
    assert.equal(await page.getByRole('button', { name: /Send|Reload/ }).count(), 0);
    trouble = 'The node is stopping';
    scene.clock.advance(1000);
    await page.getByRole('alert').filter({ hasText: trouble }).waitFor();
    // it would miss the node, which is closed first
    await page.close();
  });

  it('says how much went wrong before, and that another node of the cluster has its own page', async (t) => {
    const scene = await AdminScene.open(t);
    const now = await played();
    const [worker] = now.status.workers;
    const status = {
      ...now.status,
      workers: [{ ...worker, errors: 0, lost: 2, restarts: 1 }],
      counters: { ...now.status.counters, slowClients: 3 },
      cluster: {
        ...now.status.cluster,
        gateways: [
          {
            address: '10.0.0.2:2900',
            node: 'far',
            state: 'up',
            legacy: false,
            bufferedBytes: 0,
            attempts: 0,
            lastError: null,
          },
        ],
      },
    };
    scene.onLive = () => ({
      time: Date.now(),
      nodes: [
        {
          number: 0,
          name: 'shop',
          pid: 1,
          state: 'up',
          restarts: 0,
          lastExit: null,
          now: { ...now, status },
        },
      ],
    });
    const page = await blank(t);
    await page.goto(scene.server.link.link);
    const summary = page.locator('summary.bad', { hasText: ': 3 things, 2 of them wrong, 2 events lost' });
    await summary.click();
    await page.locator('details li.bad', { hasText: '2 events lost' }).waitFor();
    await page.locator('details li.slow', { hasText: '3 clients closed' }).waitFor();
    const other = 'another node of the cluster: has its own page';
    assert.equal(await page.locator('.mesh .other title').textContent(), `far (10.0.0.2:2900): ${other}`);
    await page.locator('.mesh figcaption', { hasText: other }).waitFor();
    await page.locator('.node .links', { hasText: 'far (10.0.0.2:2900) up' }).waitFor();
    // one card has what the picture of two leaves
    const [picture, card] = await Promise.all(
      ['.mesh', '.node'].map(async (part) => (await page.locator(part).boundingBox())!.width),
    );
    assert.ok(picture < 260 && card > 800, `${picture}, ${card}`);
    // whoever it has not on the screen is sent to as well
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Send…' }).click();
    for (const [counted, said] of [
      [1234, 'all 1,234 clients'],
      [new Error('one is missing'), 'all clients'],
    ] as const) {
      scene.onCall = () => {
        if (counted instanceof Error) throw counted;
        return counted;
      };
      await dialog.getByRole('button', { name: 'Go on…' }).click();
      await dialog.getByText(`The message goes to ${said}.`).waitFor();
      await dialog.getByRole('button', { name: 'Back' }).click();
    }
    assert.match(
      faults.splice(0).join(),
      /^Failed to load resource: the server responded with a status of 500[^,]*$/,
    );
    // it would miss the node, which is closed first
    await page.close();
  });
});
