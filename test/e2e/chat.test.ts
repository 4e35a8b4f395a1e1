/**
 * The chat demo as people meet it: the built server as a process of its own, real browser tabs, and a terminal.
 * UPDATE_SCREENSHOTS=1 also takes the README's pictures.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectTo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, BrowserContextOptions, Page, WebSocketRoute } from 'playwright-core';
import { WebSocket } from 'ws';
import { type GatewayConnection, connect } from 'gatewayworker/browser';
import { launchBrowser } from '../support/browser.js';
import { enterChat, messages, notice, person, room, say, state } from '../support/chat-page.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Milliseconds. It only bounds a failure: everything here waits for an event. */
const LIMIT = 20_000;

class ChatServer {
  /** What it listens on. A restart takes the same ports again. */
  urls = ['ws://127.0.0.1:0', 'text://127.0.0.1:0'];
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #log: string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  async start(): Promise<void> {
    const [web, text] = this.urls;
    const config = {
      gateway: { listen: [{ url: web, static: join(ROOT, 'events/public') }, { url: text }] },
      worker: { count: 2, events: join(ROOT, 'events') },
      register: false,
    };
    const file = join(this.#folder, 'gatewayworker.config.json');
    await writeFile(file, JSON.stringify(config));
    const server = spawn(process.execPath, [join(ROOT, 'dist/main.js'), '-c', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, DATABASE_URL: `sqlite:${join(this.#folder, 'chat.db')}` },
    });
    this.#process = server;
    this.#log = [];
    createInterface({ input: server.stdout }).on('line', (line) => {
      this.#log.push(line);
      server.emit('line');
    });
    const { listeners } = await this.logged('is up');
    this.urls = listeners as string[];
  }

  /** As `gatewayworker reload` does. */
  reload(): void {
    this.#process?.kill('SIGUSR2');
  }

  /** Resolves with the first line of the log, written or to come, that has this in its message. */
  async logged(message: string): Promise<Record<string, unknown>> {
    const signal = AbortSignal.timeout(LIMIT);
    for (;;) {
      const found = this.#log.find((line) => line.includes(message));
      if (found !== undefined) return JSON.parse(found) as Record<string, unknown>;
      await once(this.#process as ChildProcess, 'line', { signal }).catch((cause: unknown) => {
        throw new Error(`The server has not logged "${message}":\n${this.#log.join('\n')}`, { cause });
      });
    }
  }

  async stop(): Promise<void> {
    if (!this.#process || this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit', { signal: AbortSignal.timeout(LIMIT) });
    this.#process.kill('SIGTERM');
    await exited;
  }
}

/** Somebody with `nc`: what they type, and the lines that they see. */
class Terminal {
  readonly lines: string[] = [];
  readonly #socket: Socket;

  constructor(url: string) {
    this.#socket = connectTo(Number(new URL(url).port), '127.0.0.1');
    createInterface({ input: this.#socket }).on('line', (line) => {
      this.lines.push(line);
      this.#socket.emit('line');
    });
  }

  type(line: string): void {
    this.#socket.write(`${line}\n`);
  }

  /** Resolves with the first line, seen or to come, that matches. */
  async sees(pattern: RegExp): Promise<string> {
    const signal = AbortSignal.timeout(LIMIT);
    for (;;) {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      await once(this.#socket, 'line', { signal }).catch((cause: unknown) => {
        throw new Error(`No line matches ${pattern}. Seen:\n${this.lines.join('\n')}`, { cause });
      });
    }
  }

  hangUp(): void {
    this.#socket.destroy();
  }
}

/** Goes to a room, which nobody need be in. */
async function goTo(page: Page, name: string): Promise<void> {
  await page.getByLabel('Open another room').fill(name);
  await page.getByLabel('Open another room').press('Enter');
  await page.locator('#title', { hasText: `#${name}` }).waitFor();
}

/** The messages on the page, from above. */
async function shown(page: Page): Promise<string[]> {
  return await page.locator('#log .message .text').allTextContents();
}

/** In the page: whether somebody sees it without scrolling. */
function isVisible(element: Element): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `Line ${from + index}.`);
}

describe('the chat demo', { timeout: 12 * LIMIT }, () => {
  let folder: string;
  let server: ChatServer;
  let browser: Browser;
  const terminals: Terminal[] = [];
  const robots: GatewayConnection[] = [];
  /** What went wrong inside the pages; there must be nothing. */
  const pageErrors: string[] = [];

  async function openBrowser(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await browser.newContext({ locale: 'en-GB', ...options });
    context.setDefaultTimeout(LIMIT);
    context.on('weberror', (error) => pageErrors.push(error.error().message));
    return context;
  }

  /** A new tab in which somebody gives a name and enters. Without a context: in a browser of its own. */
  async function enter(name: string, context?: BrowserContext): Promise<Page> {
    const page = await (context ?? (await openBrowser())).newPage();
    await enterChat(page, server.urls[0], name);
    return page;
  }

  /** A client that has no page: quick when much is to be said. */
  async function robot(name: string, where: string): Promise<{ say(text: string): Promise<void> }> {
    const client = connect(server.urls[0], { WebSocket });
    robots.push(client);
    await client.request('enter', { name, room: where, token: randomBytes(16).toString('hex') });
    return {
      say: async (text) => {
        await client.request('say', { text });
      },
    };
  }

  /** Somebody with `nc`, who is a guest from their first words on. */
  async function talkByTerminal(first: string): Promise<Terminal> {
    const terminal = new Terminal(server.urls[1]);
    terminals.push(terminal);
    terminal.type(first);
    await terminal.sees(/"event":"said"/);
    return terminal;
  }

  before(
    async () => {
      folder = await mkdtemp(join(tmpdir(), 'chat-'));
      server = new ChatServer(folder);
      await server.start();
      browser = await launchBrowser();
    },
    { timeout: 2 * LIMIT },
  );

  afterEach(async () => {
    for (const terminal of terminals.splice(0)) terminal.hangUp();
    for (const one of robots.splice(0)) one.close();
    await Promise.all(browser.contexts().map(async (context) => await context.close()));
    assert.deepEqual(pageErrors.splice(0), []);
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
    await rm(folder, { recursive: true });
  });

  // People stay listed until the server has noticed that they are gone: so every test has people of its own.

  if (process.env.UPDATE_SCREENSHOTS === '1') {
    it("takes the README's screenshots", async () => {
      const ann = await enter(
        'Ann',
        await openBrowser({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' }),
      );
      const phone = {
        viewport: { width: 390, height: 844 },
        deviceScaleFactor: 2,
        isMobile: true,
        hasTouch: true,
      };
      const lin = await enter('小林', await openBrowser({ ...phone, colorScheme: 'dark' }));
      const ben = await enter('Ben');
      const talk: [Page, string][] = [
        [ann, 'Morning. Who is in for the hike on Saturday?'],
        [ben, 'Me. I can take three in the car.'],
        [ben, 'Meet at eight, by the old gate?'],
        [ann, 'Eight is fine. Is it far?'],
        [lin, '不远，两个小时。我带茶。🍵'],
      ];
      for (const [page, text] of talk) {
        await say(page, text);
        await Promise.all([ann, lin, ben].map(async (reader) => await messages(reader, text).waitFor()));
      }
      await talkByTerminal('Count me in. Greetings from a terminal, by nc.');
      await Promise.all([ann, lin, ben].map(async (reader) => await messages(reader, 'by nc').waitFor()));
      await say(ann, 'Then we are four.');
      await messages(lin, 'we are four').waitFor();
      await person(ben, 'Ann').click();
      await say(ben, 'Shall I pick you up?');
      await person(ann, 'Ben').locator('.badge', { hasText: '1' }).waitFor();
      await ann.screenshot({ path: join(ROOT, 'docs/images/chat-desktop-light.png') });
      await lin.screenshot({ path: join(ROOT, 'docs/images/chat-phone-dark.png') });
    });
  }

  it('lets two tabs talk, and shows text as text', async () => {
    const context = await openBrowser();
    const alva = await enter('Alva', context);
    const bo = await enter('Bo', context);
    await notice(alva, 'Bo joined').waitFor();
    await person(alva, 'Bo').waitFor();

    await say(alva, 'Hello, <b onclick="x">Bo</b> & all 你好');
    await messages(bo, 'Hello, <b onclick="x">Bo</b> & all 你好').waitFor();
    await bo.locator('[aria-live="polite"]', { hasText: 'Alva: Hello' }).waitFor({ state: 'attached' });
    await alva.locator('#log .message.own', { hasText: 'Hello' }).waitFor();
    assert.equal(await bo.locator('#log .message.own').count(), 0);
    assert.equal(await bo.locator('#log .text b').count(), 0);
    assert.equal(await alva.locator('#message').inputValue(), '');

    await bo.close();
    await notice(alva, 'Bo left').waitFor();
    assert.equal(await person(alva, 'Bo').count(), 0);
  });

  it('keeps rooms apart', async () => {
    const carl = await enter('Carl');
    const dora = await enter('Dora');
    await room(carl, 'games').click();
    await notice(carl, 'You are in games').waitFor();
    await notice(dora, 'Carl left').waitFor();

    await say(carl, 'Nobody hears this');
    await messages(carl, 'Nobody hears this').waitFor();
    await carl.getByLabel('Open another room').fill('lobby');
    await carl.getByLabel('Open another room').press('Enter');
    await notice(carl, 'You are in lobby').nth(1).waitFor();
    await say(carl, 'Back again');
    await messages(dora, 'Back again').waitFor();
    assert.equal(await messages(dora, 'Nobody hears this').count(), 0);
  });

  it('delivers a private message to one person, and hints that it is there', async () => {
    const emil = await enter('Emil');
    const fay = await enter('Fay');
    const eve = await enter('Eve');
    await person(emil, 'Fay').click();
    await say(emil, 'Only for you');
    await person(fay, 'Emil').locator('.badge', { hasText: '1' }).waitFor();
    assert.equal(await fay.title(), '(1) lobby');
    await person(fay, 'Emil').click();
    await messages(fay, 'Only for you').waitFor();
    assert.equal(await fay.title(), 'Emil');

    await say(fay, 'And for you');
    await messages(emil, 'And for you').waitFor();
    await room(emil, 'lobby').click();
    await say(emil, 'For everybody');
    await messages(eve, 'For everybody').waitFor();
    assert.equal(await messages(eve, 'for you').count(), 0);
    assert.equal(await person(eve, 'Emil').locator('.badge:visible').count(), 0);
  });

  it('lets a terminal take part over the text protocol', async () => {
    const gus = await enter('Gus');
    const hilda = await talkByTerminal('Hello from a terminal');
    await notice(gus, 'guest-').waitFor();
    await messages(gus, 'Hello from a terminal').waitFor();
    await say(gus, 'Seen\u001b[2J\u009b2J');
    assert.match(
      await hilda.sees(/Seen/),
      /"text":"Seen\\u001b\[2J 2J"/,
      'control characters must not reach a terminal',
    );

    hilda.type('{"event":"join","data":{"room":"games"},"id":1}');
    assert.match(await hilda.sees(/^\{"id":1,"data"/), /"room":"games".*"people":\[\{.*"name":"guest-/);
    await notice(gus, 'left').waitFor();
    hilda.type('{"event":"dance"}');
    await hilda.sees(/"event":"said".*dance/);
    hilda.type('{"event":"join"}');
    await hilda.sees(/^\{"error":\{"code":"GW_MESSAGE","message":"\/room is missing\."/);
  });

  it('recognises a tab that was reloaded', async () => {
    const ida = await enter('Ida');
    const jan = await enter('Jan');
    await person(jan, 'Ida').click();
    await say(jan, 'Before');
    await person(ida, 'Jan').locator('.badge', { hasText: '1' }).waitFor();

    await ida.reload();
    await notice(ida, 'You are in lobby').waitFor();
    assert.equal(await ida.locator('#self').textContent(), 'Ida');
    assert.equal(await person(jan, 'Ida').count(), 1);
    await say(jan, 'After'); // goes to the uid that she had before
    await person(ida, 'Jan').locator('.badge', { hasText: '1' }).waitFor();
  });

  it('remembers what was said in a room, also while the code is reloaded', async () => {
    const archive = await robot('Rob', 'archive');
    for (let number = 1; number <= 75; number++) {
      if (number === 40) server.reload();
      await archive.say(`Line ${number}.`);
    }
    await server.logged('reloaded');
    const elsewhere = await robot('Rob', 'elsewhere');
    await elsewhere.say('Not in the archive');

    const sue = await enter('Sue');
    await goTo(sue, 'archive');
    await sue.locator('.text', { hasText: /^Line 75\.$/ }).waitFor();
    assert.deepEqual(await shown(sue), numbered(46, 75));
    assert.equal(await messages(sue, 'Line 46.').locator('b').textContent(), 'Rob');

    // the page asks for more as somebody scrolls up, and stays where they are
    await sue.locator('#log').evaluate((log) => (log.scrollTop = 0));
    await sue.locator('.text', { hasText: /^Line 16\.$/ }).waitFor();
    assert.deepEqual(await shown(sue), numbered(16, 75));
    assert.ok(await messages(sue, 'Line 46.').evaluate(isVisible));
    // and at a click, by which nothing scrolls here
    await sue.locator('#earlier').dispatchEvent('click');
    await sue.locator('.text', { hasText: /^Line 1\.$/ }).waitFor();
    assert.deepEqual(await shown(sue), numbered(1, 75));
    await sue.locator('#earlier').waitFor({ state: 'hidden' });

    // a reload of the page shows the last of it again, and what comes then stands behind it
    await say(sue, 'Line 76.');
    await sue.locator('.own .text', { hasText: /^Line 76\.$/ }).waitFor();
    await sue.reload();
    await sue.locator('.own .text', { hasText: /^Line 76\.$/ }).waitFor();
    await archive.say('Line 77.');
    await sue.locator('.text', { hasText: /^Line 77\.$/ }).waitFor();
    assert.deepEqual(await shown(sue), numbered(47, 77));
  });

  it('fits a phone, with rooms and people in a drawer', async () => {
    const context = await openBrowser({
      viewport: { width: 390, height: 844 },
      isMobile: true,
      hasTouch: true,
    });
    const pia = await enter('Pia', context);
    const quin = await enter('Quin');
    const menu = pia.getByRole('button', { name: 'Rooms and people', exact: true });
    await person(pia, 'Quin').waitFor({ state: 'hidden' });
    await menu.tap();
    assert.equal(await menu.getAttribute('aria-expanded'), 'true');
    await person(pia, 'Quin').tap();
    await person(pia, 'Quin').waitFor({ state: 'hidden' });
    await pia.fill('#message', `Wide ${'w'.repeat(400)}`);
    await pia.getByRole('button', { name: 'Send' }).tap();
    await person(quin, 'Pia').click();
    await messages(quin, 'Wide').waitFor();
    await messages(pia, 'Wide').waitFor();
    assert.equal(await pia.evaluate(() => document.documentElement.scrollWidth), 390);
    assert.equal(await pia.evaluate(() => document.activeElement?.id), 'message', 'the keyboard stays open');
  });

  it('says that the connection is lost, and comes back when the server does', async () => {
    const kim = await enter('Kim');
    const lea = await enter('Lea');
    await say(kim, 'Said before');
    await messages(lea, 'Said before').waitFor();
    await server.stop();
    await Promise.all([state(kim, 'waiting').waitFor(), state(lea, 'waiting').waitFor()]);
    await kim.fill('#message', 'Written while it was away');
    await kim.press('#message', 'Enter');
    assert.equal(await kim.locator('#message').inputValue(), 'Written while it was away', 'must not be lost');

    await server.start();
    await Promise.all([notice(kim, 'Reconnected').waitFor(), notice(lea, 'Reconnected').waitFor()]);
    await Promise.all([person(kim, 'Lea').waitFor(), person(lea, 'Kim').waitFor()]);
    await kim.press('#message', 'Enter');
    await messages(lea, 'Written while it was away').waitFor();
    await say(lea, 'Welcome back');
    await messages(kim, 'Welcome back').waitFor();
    for (const page of [kim, lea]) {
      const texts = (await shown(page)).slice(-3);
      assert.deepEqual(texts, ['Said before', 'Written while it was away', 'Welcome back']);
    }
  });

  it('shows what was said while one was away, and leaves out no part of it', async () => {
    const context = await openBrowser();
    const lines: WebSocketRoute[] = [];
    let cut = false;
    await context.routeWebSocket(/./, (line) => {
      if (!cut) lines.push(line.connectToServer());
      else void line.close();
    });
    const gap = await robot('Uma', 'gap');
    const vic = await enter('Vic', context);
    await goTo(vic, 'gap');
    await gap.say('Line 1.');
    await messages(vic, 'Line 1.').waitFor();
    cut = true;
    await lines[0].close();
    await state(vic, 'waiting').waitFor();
    for (let number = 2; number <= 35; number++) await gap.say(`Line ${number}.`);
    cut = false;
    await vic.locator('#state').click();
    await messages(vic, 'Line 35.').waitFor();
    assert.deepEqual(await shown(vic), numbered(6, 35));
    await vic.locator('#earlier').dispatchEvent('click');
    await vic.locator('.text', { hasText: /^Line 1\.$/ }).waitFor();
    assert.deepEqual(await shown(vic), numbered(1, 35));
  });

  it('refuses a name that is taken, and lets the person choose another', async () => {
    await enter('Max');
    const other = await (await openBrowser()).newPage();
    await other.goto(server.urls[0].replace('ws:', 'http:'));
    await other.getByLabel('Your name').fill('Max');
    await other.getByRole('button', { name: 'Enter' }).click();
    await other.getByRole('alert').getByText('Somebody in lobby is called Max already.').waitFor();
    await other.getByLabel('Your name').fill('Maxi');
    await other.getByRole('button', { name: 'Enter' }).click();
    await notice(other, 'You are in lobby').waitFor();
  });

  it('works on whatever is sent to it', async () => {
    const nora = await enter('Nora');
    const socket = new WebSocket(server.urls[0]);
    await once(socket, 'open');
    const words = [
      '',
      '{"event":',
      'null',
      '[1]',
      '{"event":{"a":1}}',
      '{"event":"__proto__"}',
      '{"event":"say","data":7}',
    ];
    for (const word of [...words, Buffer.from('{"event":"say","data":{"text":"bytes"}}'), 'x'.repeat(3000)]) {
      socket.send(word);
    }
    socket.send('{"event":"say","data":{"text":"I am well"}}');
    await messages(nora, 'I am well').waitFor();
    const closed = once(socket, 'close');
    socket.close();
    await closed;
  });
});
