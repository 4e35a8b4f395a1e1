/** The demo's own tests: what an application's tests look like. The browser's side of it is in test/e2e. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { database } from '#src/database/index.js';
import { type TestApp, type TestClient, boot } from '#src/testing/index.js';
import { ROOT } from '../support/package-project.js';

let app: TestApp;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chat-'));
  app = await bootWith(`sqlite:${join(folder, 'chat.db')}`);
});
after(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

/** The chat, which keeps what is said in this database. */
async function bootWith(url: string): Promise<TestApp> {
  process.env.DATABASE_URL = url;
  return await boot({ events: join(ROOT, 'events') });
}

/** A browser tab that has entered a room. */
async function enter(name: string, room: string, to = app): Promise<TestClient> {
  const client = await to.connect();
  client.sendJson({ type: 'enter', name, room, token: randomBytes(16).toString('hex') });
  await event(client, 'joined');
  return client;
}

interface History {
  said: { id: string; from: { name: string }; text: string }[] | null;
  more: boolean;
}

/** What is shown to somebody who has entered, or has asked what was said earlier. */
async function history(client: TestClient): Promise<History> {
  return (await event(client, 'history')) as unknown as History;
}

const texts = ({ said }: History): string[] | undefined => said?.map(({ text }) => text);

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
}

/** The next event of this kind; others are passed over. */
async function event(client: TestClient, type: string): Promise<Record<string, unknown>> {
  for (;;) {
    const message = String(await client.next());
    if (!message.startsWith('{')) continue; // the greeting, for people with nc
    const said = JSON.parse(message) as Record<string, unknown>;
    if (said.type === type) return said;
  }
}

describe('the chat', () => {
  it('tells a room what one of it says, and no other room', async () => {
    const [ann, bob, eve] = [await enter('ann', 'tea'), await enter('bob', 'tea'), await enter('eve', 'rum')];
    ann.sendJson({ type: 'say', text: 'hello' });
    assert.equal((await event(bob, 'said')).text, 'hello');
    assert.equal((await event(ann, 'said')).text, 'hello');
    await app.settled();
    assert.ok(!eve.messages.some((message) => String(message).includes('hello')));
    assert.equal(app.group('tea:web').clients.length, 2);
  });

  it('speaks lines with somebody who has no browser', async () => {
    const line = await app.connect({ websocket: false });
    assert.equal(await line.next(), 'Welcome. Type your name.');
    line.send('ned');
    assert.match(String(await line.next()), /^\* You are in lobby, ned\./);
    const tab = await enter('tab', 'lobby');
    assert.equal(await line.next(), '* tab arrived');
    line.send('good day');
    assert.equal((await event(tab, 'said')).text, 'good day');
  });

  it('whispers to one, by name', async () => {
    const [ann, bob, eve] = [
      await enter('anna', 'dim'),
      await enter('bert', 'dim'),
      await enter('evi', 'dim'),
    ];
    ann.sendJson({ type: 'whisper', to: 'bert', text: 'psst' });
    assert.equal((await event(bob, 'whispered')).text, 'psst');
    await app.settled();
    assert.ok(!eve.messages.some((message) => String(message).includes('psst')));
  });

  it('refuses in words what it cannot do', async () => {
    const client = await enter('zoe', 'hall');
    client.send('{');
    assert.match(String((await event(client, 'error')).text), /^That is not JSON/);
    client.sendJson({ type: 'whisper', to: 'nobody', text: 'hi' });
    assert.equal((await event(client, 'error')).text, 'Nobody in hall is called nobody.');
  });

  it('says who has left, and goes on over a reload', async () => {
    const [ann, bob] = [await enter('amy', 'den'), await enter('ben', 'den')];
    await app.reload();
    await bob.close();
    assert.deepEqual(((await event(ann, 'left')).person as { name: string }).name, 'ben');
  });
});

describe('what was said', () => {
  it('is shown to who enters, over reloads and crashes, of that room only', async () => {
    const [cat, dan] = [await enter('cat', 'ink'), await enter('dan', 'oak')];
    cat.sendJson({ type: 'say', text: '<b>one</b> \0 \ud83d\ude00' });
    dan.sendJson({ type: 'say', text: 'elsewhere' });
    await event(cat, 'said');
    await app.reload();
    cat.sendJson({ type: 'say', text: 'two' });
    await event(cat, 'said');
    await app.crash();
    cat.sendJson({ type: 'say', text: 'three' });
    await event(cat, 'said');
    const shown = await history(await enter('eli', 'ink'));
    assert.deepEqual(texts(shown), ['<b>one</b> \0 \ud83d\ude00', 'two', 'three']);
    assert.equal(shown.said?.[0].from.name, 'cat');
    assert.equal(shown.more, false);
    dan.sendJson({ type: 'join', room: 'ink' });
    assert.deepEqual(texts(await history(dan)), texts(shown));
  });

  it('can be gone back in, page by page', async () => {
    const fox = await enter('fox', 'long');
    for (const text of numbers(1, 70)) fox.sendJson({ type: 'say', text });
    for (let count = 0; count < 70; count++) await event(fox, 'said');
    const gil = await enter('gil', 'long');
    const pages: History[] = [await history(gil)];
    while (pages[0].more) {
      gil.sendJson({ type: 'earlier', before: pages[0].said?.[0].id });
      pages.unshift(await history(gil));
    }
    assert.deepEqual(pages.map(texts), [numbers(1, 10), numbers(11, 40), numbers(41, 70)]);
    gil.sendJson({ type: 'earlier', before: "' OR 1 --" });
    assert.equal((await event(gil, 'error')).text, 'An id is one that a message came with.');
  });

  it('is shown to a terminal as lines, with their time', async () => {
    const tab = await enter('hal', 'lobby');
    tab.sendJson({ type: 'say', text: 'beep \u001b[2J\nboop' });
    await event(tab, 'said');
    const line = await app.connect({ websocket: false });
    line.send('ivy');
    await line.next();
    assert.match(String(await line.next()), /^\* You are in lobby, ivy\./);
    const lines = String(await line.next()).split('\n');
    assert.match(String(lines.at(-1)), /^\d{4}-\d\d-\d\dT\d\d:\d\d hal: beep  \[2J boop$/);
  });

  it('is forgotten when a thousand messages came after it', async (t) => {
    const db = database({ url: `sqlite:${join(folder, 'chat.db')}` });
    t.after(() => db.close());
    await db.query(
      `INSERT INTO said WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1200)
       SELECT room, printf('0000%05d-00000000', n), 'web:1', 'joe', n, n FROM n, (SELECT 'full' AS room UNION SELECT 'other')`,
    );
    t.mock.method(Math, 'random', () => 0);
    const kim = await enter('kim', 'full');
    kim.sendJson({ type: 'say', text: 'now' });
    await event(kim, 'said');
    await history(await enter('lee', 'full')); // it comes after what was begun before
    assert.equal(await db.single("SELECT COUNT(*) FROM said WHERE room = 'full'"), 1000);
    assert.equal(await db.single("SELECT MIN(at) FROM said WHERE room = 'full'"), 202);
    assert.equal(await db.single("SELECT COUNT(*) FROM said WHERE room = 'other'"), 1200);
  });

  it('is nothing that the talk depends on: people talk on while the database is away', async (t) => {
    const lonely = await bootWith(`sqlite:${join(folder, 'nowhere/chat.db')}`);
    t.after(() => lonely.close());
    const [max, ned] = [await enter('max', 'tea', lonely), await enter('ned', 'tea', lonely)];
    assert.equal((await history(ned)).said, null);
    for (const text of numbers(1, 20)) max.sendJson({ type: 'say', text });
    for (const text of numbers(1, 20)) assert.equal((await event(ned, 'said')).text, text);
    const problems = lonely.log.filter(({ msg }) => msg === 'what people say is not kept');
    assert.equal(problems.length, 1);
    assert.match(JSON.stringify(problems[0]), /GW_DATABASE/);
    const line = await lonely.connect({ websocket: false });
    line.send('/oz');
    line.send('oz');
    await lonely.settled();
    assert.equal(line.messages.at(-1), '* What was said before cannot be read now.');
  });
});
