/** The demo's own tests: what an application's tests look like. The browser's side of it is in test/e2e. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type TestApp, type TestClient, boot } from '#src/testing/index.js';
import { ROOT } from '../support/package-project.js';

let app: TestApp;

before(async () => {
  app = await boot({ events: join(ROOT, 'events') });
});
after(async () => await app.close());

/** A browser tab that has entered a room. */
async function enter(name: string, room: string): Promise<TestClient> {
  const client = await app.connect();
  client.sendJson({ type: 'enter', name, room, token: randomBytes(16).toString('hex') });
  await event(client, 'joined');
  return client;
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
