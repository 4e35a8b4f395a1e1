import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { boot, type TestApp, type TestClient } from 'gatewayworker/testing';

process.env.DATABASE_URL = 'sqlite::memory:'; // before the events open it
const { default: events } = await import('../events/index.ts');

let app: TestApp;
before(async () => {
  app = await boot({ events });
});
after(async () => {
  await app.close();
});

/** Somebody who has entered a room, and what they were told there. */
async function enter(room: string, name: string): Promise<{ client: TestClient; entered: unknown }> {
  const client = await app.connect();
  client.sendJson({ type: 'enter', room, name });
  return { client, entered: await client.nextJson() };
}

test('a room hears what one of it says, and no other does', async () => {
  const { client: ann } = await enter('tea', 'Ann');
  const { client: ben, entered } = await enter('tea', 'Ben');
  const { client: eve } = await enter('games', 'Eve');
  assert.deepEqual(entered, { type: 'entered', room: 'tea', names: ['Ann', 'Ben'], messages: [] });
  assert.deepEqual(await ann.nextJson(), { type: 'came', name: 'Ben' });

  ann.sendJson({ type: 'say', text: ' Hello ' });
  const said = await ben.nextJson<{ at: number }>();
  assert.deepEqual(said, { type: 'said', name: 'Ann', text: 'Hello', at: said.at });

  await ben.close();
  await ann.nextJson(); // her own message
  assert.deepEqual(await ann.nextJson(), { type: 'left', name: 'Ben' });
  assert.equal(eve.messages.length, 1);
});

test('who comes later sees what was said, also after a reload', async () => {
  const { client: ann } = await enter('library', 'Ann');
  for (const text of ['one', 'two']) ann.sendJson({ type: 'say', text });
  await app.settled();
  await app.reload();

  const { entered } = await enter('library', 'Ben');
  const { messages } = entered as { messages: { name: string; text: string }[] };
  assert.deepEqual(
    messages.map(({ name, text }) => `${name}: ${text}`),
    ['Ann: one', 'Ann: two'],
  );
});

test('what cannot be carried out is answered', async () => {
  await enter('full', 'Ann');
  const client = await app.connect();
  const requests = {
    'no JSON': /Expected JSON/,
    null: /Expected the type/,
    '{"type":"say","text":"Hello"}': /Enter a room/,
    '{"type":"enter","room":"full","name":"A B"}': /A name has/,
    '{"type":"enter","room":"full","name":"Ann"}': /Somebody in full is called Ann/,
    '{"type":"say","text":" "}': /A message has/,
  };
  for (const [request, expected] of Object.entries(requests)) {
    client.send(request);
    assert.match((await client.nextJson<{ text: string }>()).text, expected);
  }
});
