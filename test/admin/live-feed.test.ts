import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { type TestContext, describe, it } from 'node:test';
import { AdminScene } from '../support/admin-scene.js';
import { eventually } from '../support/eventually.js';

/** Somebody who watches, and the events that come. */
async function watch(
  t: TestContext,
  scene: AdminScene,
): Promise<{ response: IncomingMessage; next(): Promise<string> }> {
  const { hostname, port } = new URL(scene.admin.url);
  const headers = { Authorization: `Bearer ${scene.admin.token}` };
  const sent = request({ host: hostname, port, path: '/api/live', headers, agent: false });
  sent.on('error', () => {});
  t.after(() => sent.destroy());
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.setEncoding('utf8').on('error', () => {});
  let text = '';
  response.on('data', (chunk: string) => (text += chunk));
  const next = async (): Promise<string> => {
    while (!text.includes('\n\n')) await once(response, 'data');
    const [event] = text.split('\n\n', 1);
    text = text.slice(event.length + 2);
    return event;
  };
  return { response, next };
}

const live = (scene: AdminScene): number => scene.requests.filter(({ command }) => command === 'live').length;

describe('what is live', () => {
  it('is asked for once for all who watch, once a second, and only while somebody does', async (t) => {
    const scene = await AdminScene.open(t, { readOnly: true });
    assert.equal(scene.clock.timers, 0);
    const one = await watch(t, scene);
    assert.equal(one.response.headers['content-type'], 'text/event-stream');
    assert.equal(await one.next(), 'retry: 2000\nevent: about\ndata: {"readOnly":true}');
    assert.equal(await one.next(), 'data: null');
    const other = await watch(t, scene);
    await other.next();
    await other.next();
    await one.next();
    const before = live(scene);
    scene.clock.advance(1000);
    await Promise.all([one.next(), other.next()]);
    assert.equal(live(scene), before + 1);
    one.response.destroy();
    other.response.destroy();
    await eventually(async () => assert.equal(scene.clock.timers, 0));
  });

  it('says why there is nothing to see', async (t) => {
    const scene = await AdminScene.open(t);
    scene.phase = 'starting';
    scene.onLive = () => {
      throw new Error('The node is still starting');
    };
    const watcher = await watch(t, scene);
    await watcher.next();
    assert.equal(
      await watcher.next(),
      'event: trouble\ndata: {"phase":"starting","message":"The node is still starting"}',
    );
  });

  it('cuts off who does not read', async (t) => {
    const scene = await AdminScene.open(t);
    scene.onLive = () => 'x'.repeat(1_000_000);
    const slow = await watch(t, scene);
    await slow.next();
    slow.response.pause();
    const ended = new Promise((resolve) => slow.response.once('close', resolve));
    await eventually(async () => {
      scene.clock.advance(1000);
      assert.equal(scene.clock.timers, 0);
    });
    slow.response.resume();
    await ended;
  });

  it('is for so many at once', async (t) => {
    const scene = await AdminScene.open(t);
    for (let count = 0; count < 32; count++) await watch(t, scene);
    const { status, json } = await scene.admin.get('/api/live');
    assert.equal(status, 503);
    assert.match(json.error?.message ?? '', /^32 pages watch this node already/);
  });
});

describe('the files of the page', () => {
  it('may be seen by anybody, run no script but their own, and are sent once', async (t) => {
    const scene = await AdminScene.open(t);
    const page = await scene.admin.bare('/');
    assert.equal(page.status, 200);
    assert.match(page.body, /<script type="module" src="\/main.js">/);
    assert.doesNotMatch(page.body, /<script[^>]*>[^<]|https?:|style=|\son\w+=/);
    const policy = String(page.headers['content-security-policy']);
    assert.match(
      policy,
      /default-src 'none'; script-src 'self'; style-src 'self';.*require-trusted-types-for 'script'/,
    );
    assert.doesNotMatch(policy, /unsafe|http|\*/);
    for (const path of ['/', '/main.js', '/main.css', '/icon.svg']) {
      const first = await scene.admin.bare(path);
      assert.equal(first.status, 200, path);
      const again = await scene.admin.bare(path, {
        headers: { 'If-None-Match': String(first.headers.etag) },
      });
      assert.deepEqual([again.status, again.body], [304, ''], path);
    }
  });
});
