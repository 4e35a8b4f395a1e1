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

/** What somebody sees who comes into a room, or asks what was said earlier. */
interface History {
  said: { id: string; from: { uid: string; name: string }; text: string }[] | null;
  more: boolean;
}

interface Entered extends History {
  you: { uid: string; name: string };
  people: { name: string }[];
}

/** A browser tab that has entered a room. */
async function enter(
  name: string,
  room: string,
  to = app,
): Promise<{ client: TestClient; entered: Entered }> {
  const client = await to.connect();
  const token = randomBytes(16).toString('hex');
  return { client, entered: await client.request<Entered>('enter', { name, room, token }) };
}

const texts = ({ said }: History): string[] | undefined => said?.map(({ text }) => text);

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
}

/** The next of these events; others are passed over. */
async function event<Data = { text: string }>(client: TestClient, name: string): Promise<Data> {
  for (;;) {
    const message = await client.nextJson<{ event?: string; data: Data }>();
    if (message.event === name) return message.data;
  }
}

describe('the chat', () => {
  it('tells a room what one of it says, and no other room', async () => {
    const { client: ann } = await enter('ann', 'tea');
    const { client: bob } = await enter('bob', 'tea');
    const { client: eve } = await enter('eve', 'rum');
    ann.emit('say', { text: 'hello' });
    assert.equal((await event(bob, 'said')).text, 'hello');
    assert.equal((await event(ann, 'said')).text, 'hello');
    await app.settled();
    assert.ok(!eve.messages.some((message) => String(message).includes('hello')));
    assert.equal(app.group('tea').clients.length, 2);
  });

  it('takes a line for what somebody says who has no browser, and shows them what a browser gets', async () => {
    const { client: tab } = await enter('tab', 'lobby');
    const line = await app.connect({ websocket: false });
    line.send('good day');
    const said = await event<{ from: { name: string }; text: string }>(tab, 'said');
    assert.equal(said.text, 'good day');
    assert.equal(said.from.name, `guest-${line.id.slice(-4)}`);
    assert.match(String(await line.next()), /^\{"event":"said","data":\{"room":"lobby".*"text":"good day"/);
    assert.ok(await line.request('join', { room: 'pub' }));
    line.send('elsewhere');
    assert.equal((await event<{ room: string }>(line, 'said')).room, 'pub');
    const people = (await tab.request<Entered>('join', { room: 'pub' })).people.map(({ name }) => name);
    assert.deepEqual(people.toSorted(), [said.from.name, 'tab']);
  });

  it('whispers to one', async () => {
    const { client: ann, entered } = await enter('anna', 'dim');
    const { client: bob } = await enter('bert', 'dim');
    const { client: eve } = await enter('evi', 'dim');
    await bob.request('whisper', { to: entered.you.uid, text: 'psst' });
    assert.equal((await event(ann, 'whispered')).text, 'psst');
    assert.equal((await event(bob, 'whispered')).text, 'psst');
    await app.settled();
    assert.ok(!eve.messages.some((message) => String(message).includes('psst')));
  });

  it('knows who comes back with the same token, and counts them once', async () => {
    const me = { name: 'ina', room: 'twice', token: randomBytes(16).toString('hex') };
    const [first, second] = [await app.connect(), await app.connect()];
    const { you } = await first.request<Entered>('enter', me);
    const again = await second.request<Entered>('enter', me);
    assert.deepEqual([again.you, again.people.length], [you, 1]);
    assert.equal((await second.request<Record<string, number>>('rooms')).twice, 2);
  });

  it('refuses what it cannot do', async () => {
    const { client } = await enter('zoe', 'hall');
    const stranger = await app.connect();
    const token = '0123456789abcdef'.repeat(2);
    const good = { name: 'Mallory', room: 'hall', token };
    for (const [wrong, message] of [
      [{ ...good, name: '' }, /^\/name must match/],
      [{ ...good, name: 'n'.repeat(21) }, /^\/name must match/],
      [{ ...good, name: ['Nora'] }, /^\/name must be string/],
      [{ ...good, name: 'Nora\u202e' }, /^\/name must match/],
      [{ ...good, room: 'hall:web' }, /^\/room must match/],
      [{ ...good, token: 'short' }, /^\/token must match/],
      [{ ...good, name: 'zoe' }, /^Somebody in hall is called zoe already/],
    ] as const) {
      await assert.rejects(stranger.request('enter', wrong), { message });
    }
    for (const [name, data] of [
      ['join', { room: 'a' }],
      ['say', { text: 'b' }],
      ['whisper', { to: 'c', text: 'b' }],
      ['earlier', { before: '000000000-00000000' }],
    ] as const) {
      await assert.rejects(stranger.request(name, data), { code: 'outside' });
    }
    await assert.rejects(client.request('enter', good), { code: 'entered' });
    await assert.rejects(client.request('whisper', { to: 'nobody', text: 'hi' }), { code: 'left' });
    await assert.rejects(client.request('say', { text: 'x'.repeat(2001) }), /NOT have more than 2000/);
    await assert.rejects(client.request('earlier', { before: "' OR 1 --" }), /^Refused: \/before must match/);
  });

  it('says who has left, and goes on over a reload', async () => {
    const { client: ann } = await enter('amy', 'den');
    const { client: bob } = await enter('ben', 'den');
    await app.reload();
    await bob.close();
    assert.equal((await event<{ person: { name: string } }>(ann, 'left')).person.name, 'ben');
  });
});

describe('what was said', () => {
  it('is shown to who enters, over reloads and crashes, of that room only', async () => {
    const { client: cat } = await enter('cat', 'ink');
    const { client: dan } = await enter('dan', 'oak');
    await cat.request('say', { text: '<b>one</b> \0 \ud83d\ude00' });
    await dan.request('say', { text: 'elsewhere' });
    await app.reload();
    await cat.request('say', { text: 'two' });
    await app.crash();
    await cat.request('say', { text: 'three' });
    const { entered } = await enter('eli', 'ink');
    assert.deepEqual(texts(entered), ['<b>one</b> \0 \ud83d\ude00', 'two', 'three']);
    assert.equal(entered.said?.[0].from.name, 'cat');
    assert.equal(entered.more, false);
    assert.deepEqual(texts(await dan.request<History>('join', { room: 'ink' })), texts(entered));
  });

  it('can be gone back in, page by page', async () => {
    const { client: fox } = await enter('fox', 'long');
    for (const text of numbers(1, 70)) await fox.request('say', { text });
    const { client: gil, entered } = await enter('gil', 'long');
    const pages: History[] = [entered];
    while (pages[0].more) {
      pages.unshift(await gil.request<History>('earlier', { before: pages[0].said?.[0].id }));
    }
    assert.deepEqual(pages.map(texts), [numbers(1, 10), numbers(11, 40), numbers(41, 70)]);
  });

  it('steers nobody’s terminal', async () => {
    const { client: tab } = await enter('hal', 'wild');
    const line = await app.connect({ websocket: false });
    await line.request('enter', { name: 'ivy', room: 'wild' });
    tab.emit('say', { text: 'beep \u001b[2J\u009b2J\nboop' });
    const shown = String(await line.next());
    assert.match(shown, /"text":"beep \\u001b\[2J 2J\\nboop"/);
    assert.doesNotMatch(shown, /\p{Cc}/u);
  });

  it('is forgotten when a thousand messages came after it', async (t) => {
    const db = database({ url: `sqlite:${join(folder, 'chat.db')}` });
    t.after(() => db.close());
    await db.query(
      `INSERT INTO said WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1200)
       SELECT room, printf('0000%05d-00000000', n), 'web:1', 'joe', n, n FROM n, (SELECT 'full' AS room UNION SELECT 'other')`,
    );
    t.mock.method(Math, 'random', () => 0);
    const { client: kim } = await enter('kim', 'full');
    await kim.request('say', { text: 'now' });
    assert.equal(await db.single("SELECT COUNT(*) FROM said WHERE room = 'full'"), 1000);
    assert.equal(await db.single("SELECT MIN(at) FROM said WHERE room = 'full'"), 202);
    assert.equal(await db.single("SELECT COUNT(*) FROM said WHERE room = 'other'"), 1200);
  });

  it('is nothing that the talk depends on: people talk on while the database is away', async (t) => {
    const lonely = await bootWith(`sqlite:${join(folder, 'nowhere/chat.db')}`);
    t.after(() => lonely.close());
    const { client: max } = await enter('max', 'tea', lonely);
    const { client: ned, entered } = await enter('ned', 'tea', lonely);
    assert.equal(entered.said, null);
    for (const text of numbers(1, 20)) max.emit('say', { text });
    for (const text of numbers(1, 20)) assert.equal((await event(ned, 'said')).text, text);
    const problems = lonely.log.filter(({ msg }) => msg === 'what people say is not kept');
    assert.equal(problems.length, 1);
    assert.match(JSON.stringify(problems[0]), /GW_DATABASE/);
    const line = await lonely.connect({ websocket: false });
    line.send('oz');
    assert.equal((await event(line, 'said')).text, 'oz');
  });
});
