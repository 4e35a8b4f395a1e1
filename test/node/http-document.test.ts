import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, it, type TestContext } from 'node:test';
import { type TestNode, bootNode } from '#src/testing/index.js';
import { samplesIn } from '../support/documents.js';
import { PackageProject } from '../support/package-project.js';

/** The samples of docs/http.md, as the applications of a project that has this package installed. */
describe('docs/http.md', { timeout: 60_000 }, () => {
  const own = samplesIn('ts', 'js').filter(({ document }) => document === 'docs/http.md');
  const [first, login, webhook, health, hono] = own.map(({ code }) => code);
  let project: PackageProject;

  before(() => {
    project = new PackageProject();
    project.linkPackage();
    project.link('hono');
    project.write('package.json', JSON.stringify({ type: 'module' }));
  });
  after(() => project.remove());

  /** An application of the page, and where it answers. */
  async function start(t: TestContext, name: string, code: string): Promise<{ node: TestNode; url: string }> {
    project.write(`${name}/index.ts`, code);
    const node = await bootNode({
      config: {
        gateway: { listen: [{ url: 'ws://127.0.0.1:0' }] },
        worker: { count: 1, events: `${project.folder}/${name}` },
      },
    });
    t.after(async () => await node.close());
    return { node, url: node.urls[0].replace(/^ws/, 'http') };
  }

  it('has samples, which this test runs', () => assert.equal(own.length, 5));

  it('counts who is online, and tells them what is posted', async (t) => {
    const { node, url } = await start(t, 'first', first);
    const client = await node.connect();
    assert.deepEqual(await (await fetch(`${url}/online`)).json(), { online: 1 });
    assert.equal((await fetch(`${url}/say`, { method: 'POST', body: 'hello' })).status, 204);
    assert.equal(await client.next(), '127.0.0.1: hello');
    assert.equal((await fetch(`${url}/say`)).status, 404);
  });

  it('logs in with a cookie, which the websocket brings along', async (t) => {
    const { node, url } = await start(t, 'login', login);
    const post = async (password: string): Promise<Response> =>
      await fetch(`${url}/login`, {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams({ name: 'ann', password }),
      });
    assert.equal((await post('guess')).status, 401);
    const answer = await post('t0p-s3cret');
    assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/chat.html']);
    const [cookie] = answer.headers.getSetCookie();
    await assert.rejects(node.connect(), { status: 401, message: 'Log in first' });
    const client = await node.connect({ headers: { cookie: cookie.split(';', 1)[0] } });
    client.send('hello');
    assert.equal(await client.next(), 'ann: hello');
  });

  it('takes a webhook that is signed, as its bytes came', async (t) => {
    process.env.WEBHOOK_SECRET = 'a secret';
    t.after(() => delete process.env.WEBHOOK_SECRET);
    const { node, url } = await start(t, 'webhook', webhook);
    const client = await node.connect();
    const body = '{ "user":"ann",  "state":"sent" }';
    const sign = (secret: string): string =>
      `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    const post = async (signature: string): Promise<number> => {
      const headers = { 'X-Hub-Signature-256': signature };
      return (await fetch(`${url}/hooks/orders`, { method: 'POST', headers, body })).status;
    };
    assert.deepEqual(
      [await post(sign('another')), await post(''), await post(sign('a secret'))],
      [401, 401, 204],
    );
    assert.equal(await client.next(), '{"order":"sent"}');
  });

  it('says whether the database answers', async (t) => {
    const good = await start(t, 'health', health);
    const answer = await fetch(`${good.url}/ready`);
    assert.deepEqual([answer.status, await answer.json()], [200, { database: 'ok', clients: 0 }]);
    const bad = await start(t, 'ill', health.replace('sqlite::memory:', 'sqlite:/nowhere/at/all.db'));
    assert.equal((await fetch(`${bad.url}/ready`)).status, 503);
  });

  it('mounts Hono', async (t) => {
    const { node, url } = await start(t, 'hono', hono);
    const ann = await node.connect();
    ann.send('ann');
    assert.equal(await ann.next(), 'bound');
    assert.deepEqual(await (await fetch(`${url}/users/ann`)).json(), { uid: 'ann', online: true });
    const posted = await fetch(`${url}/users/ann/messages`, { method: 'POST', body: '{"text":"hello"}' });
    assert.equal(posted.status, 202);
    assert.equal(await ann.next(), '127.0.0.1: hello');
    const head = await fetch(`${url}/users/ann`, { method: 'HEAD' });
    assert.deepEqual([head.status, await head.text()], [200, '']);
    assert.equal((await fetch(`${url}/other`)).status, 404);
  });
});
