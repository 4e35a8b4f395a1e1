import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { boot } from 'gatewayworker/testing';

process.env.DATABASE_URL = 'sqlite::memory:'; // before the events open it
const { default: events } = await import('../events/index.js');

let app;
before(async () => {
  app = await boot({ events });
});
after(async () => {
  await app.close();
});

/** Somebody who has entered a room, and what they were answered. */
async function enter(room, name) {
  const client = await app.connect();
  const entered = await client.request('enter', { room, name });
  return { client, ...entered };
}

test('a room hears what one of it says, and no other does', async () => {
  const { client: ann } = await enter('tea', 'Ann');
  const { client: ben, names, messages } = await enter('tea', 'Ben');
  const { client: eve } = await enter('games', 'Eve');
  assert.deepEqual([names, messages], [['Ann', 'Ben'], []]);
  assert.deepEqual(await ann.nextEvent('came'), { name: 'Ben' });

  ann.emit('say', { text: 'Hello' });
  const said = await ben.nextEvent('said');
  assert.deepEqual(said, { name: 'Ann', text: 'Hello', at: said.at });

  await ben.close();
  await ann.nextEvent('said'); // her own message
  assert.deepEqual(await ann.nextEvent('left'), { name: 'Ben' });
  assert.deepEqual(eve.messages, []);
});

test('who comes later sees what was said, also after a reload', async () => {
  const { client: ann } = await enter('library', 'Ann');
  for (const text of ['one', 'two']) ann.emit('say', { text });
  await app.settled();
  await app.reload();

  const { messages } = await enter('library', 'Ben');
  assert.deepEqual(
    messages.map(({ name, text }) => `${name}: ${text}`),
    ['Ann: one', 'Ann: two'],
  );
});

test('what cannot be carried out is refused', async () => {
  await enter('full', 'Ann');
  const client = await app.connect();
  await assert.rejects(client.request('say', { text: 'Hello' }), { code: 'outside' });
  await assert.rejects(client.request('say', { text: '' }), /\/text must NOT have fewer/);
  await assert.rejects(client.request('enter', { room: 'full', name: 'A B' }), /\/name must match/);
  await assert.rejects(client.request('enter', { room: 'full', name: 'Ann' }), { code: 'taken' });
});
