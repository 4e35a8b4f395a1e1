import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AdminAnswer } from '../support/admin-client.js';
import { AdminScene } from '../support/admin-scene.js';

const HOUR = 3_600_000;

function cookieOf({ headers }: AdminAnswer): string {
  return String(headers['set-cookie']).split(';')[0];
}

describe('a session of the admin listener', () => {
  it('begins with the token, goes on while it is used, and ends', async (t) => {
    const scene = await AdminScene.open(t);
    const Origin = scene.admin.url.slice(0, -1);
    const login = await scene.admin.bare('/api/login', {
      method: 'POST',
      headers: { Origin },
      body: { token: scene.admin.token },
    });
    assert.equal(login.status, 200);
    assert.match(
      String(login.headers['set-cookie']),
      /^gatewayworker_admin_\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const Cookie = cookieOf(login);
    const ask = async () => (await scene.admin.bare('/api/status', { headers: { Cookie } })).status;
    assert.equal(await ask(), 200);
    scene.clock.advance(11 * HOUR);
    assert.equal(await ask(), 200);
    scene.clock.advance(11 * HOUR);
    assert.equal(await ask(), 200);
    const out = await scene.admin.bare('/api/logout', { method: 'POST', headers: { Cookie, Origin } });
    assert.match(String(out.headers['set-cookie']), /=; Path=\/; .*Max-Age=0$/);
    assert.equal(await ask(), 401);
  });

  it('ends by itself when nobody uses it', async (t) => {
    const scene = await AdminScene.open(t);
    const Cookie = cookieOf(await scene.admin.post('/api/login', { token: scene.admin.token }));
    scene.clock.advance(12 * HOUR + 1);
    assert.equal((await scene.admin.bare('/api/status', { headers: { Cookie } })).status, 401);
  });

  it('makes room for others, the one that is used least', async (t) => {
    const scene = await AdminScene.open(t);
    const logIn = async () => cookieOf(await scene.admin.post('/api/login', { token: scene.admin.token }));
    const ask = async (Cookie: string) =>
      (await scene.admin.bare('/api/status', { headers: { Cookie } })).status;
    const [first, second] = [await logIn(), await logIn()];
    for (let n = 2; n < 100; n++) await logIn();
    assert.equal(await ask(first), 200);
    await logIn();
    assert.deepEqual([await ask(first), await ask(second)], [200, 401]);
  });

  it('is told to be of https where the page is, as behind a proxy', async (t) => {
    const scene = await AdminScene.open(t, { hosts: ['admin.example.com'] });
    const login = await scene.admin.bare('/api/login', {
      method: 'POST',
      headers: { Host: 'admin.example.com', Origin: 'https://admin.example.com' },
      body: { token: scene.admin.token },
    });
    assert.match(String(login.headers['set-cookie']), /; Secure$/);
  });
});

describe('a wrong token', () => {
  it('costs time, each one more than the one before', async (t) => {
    const scene = await AdminScene.open(t);
    const wrong = async () =>
      await scene.admin.bare('/api/status', { headers: { Authorization: 'Bearer nonsense' } });
    for (const delay of [100, 200, 400, 800, 1600, 3200, 5000, 5000]) {
      let answered = false;
      const asked = wrong().finally(() => (answered = true));
      while (scene.clock.timers === 0) await new Promise((resolve) => setImmediate(resolve));
      scene.clock.advance(delay - 1);
      // who knows the token is answered meanwhile
      assert.equal((await scene.admin.get('/api/status')).status, 200);
      assert.equal(answered, false);
      scene.clock.advance(1);
      assert.equal((await asked).status, 401);
    }
  });

  it('is not even looked at when many come at once, nor is a right one', async (t) => {
    const scene = await AdminScene.open(t);
    const wrong = async () => await scene.admin.post('/api/login', { token: 'nonsense' });
    const asked = Array.from({ length: 16 }, wrong);
    while (scene.clock.timers < 16) await new Promise((resolve) => setImmediate(resolve));
    const refused = await scene.admin.post('/api/login', { token: scene.admin.token });
    assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '5']);
    scene.clock.advance(60_000);
    assert.deepEqual(
      (await Promise.all(asked)).map(({ status }) => status),
      Array(16).fill(401),
    );
    assert.equal((await scene.admin.post('/api/login', { token: scene.admin.token })).status, 200);
  });

  it('is forgotten after a while', async (t) => {
    const scene = await AdminScene.open(t);
    const wrong = async (delay: number) => {
      const asked = scene.admin.post('/api/login', { token: 'nonsense' });
      while (scene.clock.timers === 0) await new Promise((resolve) => setImmediate(resolve));
      scene.clock.advance(delay);
      return (await asked).status;
    };
    assert.equal(await wrong(100), 401);
    assert.equal(await wrong(200), 401);
    scene.clock.advance(600_000);
    assert.equal(await wrong(100), 401);
  });
});
