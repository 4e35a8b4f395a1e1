import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type TestApp, boot } from '#src/testing/index.js';
import { type Events, defineEvents } from '#src/worker/events.js';

const SITE = defineEvents({
  async onRequest(request, { remoteAddress }) {
    const { pathname, search } = new URL(request.url);
    if (pathname === '/throw') throw new Error('a mistake');
    if (pathname === '/never') await new Promise(() => {});
    if (pathname === '/empty') return new Response(null, { status: 204, headers: { 'X-Is': 'empty' } });
    if (pathname !== '/echo') return undefined;
    const body = await request.text();
    return Response.json({ method: request.method, search, body, remoteAddress }, { status: 201 });
  },
  onMessage() {},
});

async function app(t: TestContext, events: Events = SITE, patience?: number): Promise<TestApp> {
  const started = await boot({ events, patience });
  t.after(async () => await started.close());
  return started;
}

describe('onRequest in a test', { timeout: 20_000 }, () => {
  it('answers what it is asked', async (t) => {
    const site = await app(t);
    const asked = await site.request('/echo?a=1', {
      method: 'POST',
      body: 'hello',
      remoteAddress: '192.0.2.7',
    });
    assert.equal(asked.status, 201);
    assert.deepEqual(await asked.json(), {
      method: 'POST',
      search: '?a=1',
      body: 'hello',
      remoteAddress: '192.0.2.7',
    });
    const whole = await site.request(new Request('http://example.com/empty', { method: 'DELETE' }));
    assert.deepEqual([whole.status, whole.headers.get('x-is'), await whole.text()], [204, 'empty', '']);
    assert.equal((await site.request('/other')).status, 404);
  });

  it('is 500 where it fails, and 404 where there is none', async (t) => {
    const site = await app(t);
    assert.equal((await site.request('/throw')).status, 500);
    assert.ok(site.log.some(({ msg }) => msg === 'onRequest failed: a mistake'));
    const none = await app(t, { onMessage() {} });
    assert.equal((await none.request('/')).status, 404);
  });

  it('says so when it does not answer', async (t) => {
    const site = await app(t, SITE, 50);
    await assert.rejects(site.request('/never'), /1 handler is pending/);
  });
});
