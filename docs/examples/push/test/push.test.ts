import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Gateway } from 'gatewayworker';
import { boot, type TestApp, type TestClient } from 'gatewayworker/testing';
import events from '../events/index.ts';
import { notify } from '../notify.ts';
import { tokenFor } from '../tokens.ts';

process.env.PUSH_SECRET = 'of this test';

let app: TestApp;
before(async () => {
  app = await boot({ events });
});
after(async () => {
  await app.close();
});

async function login(uid: string, topic = ''): Promise<TestClient> {
  const client = await app.connect({ query: { token: tokenFor(uid), topic } });
  assert.deepEqual(await client.nextJson(), { type: 'welcome', uid });
  return client;
}

async function nextText(client: TestClient): Promise<string> {
  return (await client.nextJson<{ text: string }>()).text;
}

test('one person gets it in every tab, and nobody else does', async () => {
  const [phone, desk, other] = [await login('ann'), await login('ann'), await login('ben')];
  assert.equal(await notify(Gateway, { uid: 'ann' }, 'For Ann'), 2);
  assert.deepEqual([await nextText(phone), await nextText(desk)], ['For Ann', 'For Ann']);
  assert.equal(other.messages.length, 1);
});

test('a topic reaches who asked for it', async () => {
  const reader = await login('cleo', 'news');
  const other = await login('dan', 'sports');
  assert.equal(await notify(Gateway, { topic: 'news' }, 'News'), 1);
  assert.equal(await nextText(reader), 'News');
  await notify(Gateway, {}, 'For all');
  assert.equal(await nextText(other), 'For all');
});

test('a token that is not ours lets nobody in', async () => {
  const forged = tokenFor('eve').replace('eve', 'ann');
  for (const token of ['', 'ann', 'ann.', '.', forged]) {
    const client = await app.connect({ query: { token } });
    assert.deepEqual(await client.nextJson(), { type: 'refused' });
    await client.closed;
  }
});
