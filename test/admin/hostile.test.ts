import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, beforeEach, describe, it } from 'node:test';
import { calls } from '#src/admin/calls/calls.js';
import { routes } from '#src/admin/routes.js';
import type { AdminAnswer } from '../support/admin-client.js';
import { AdminScene, SECRET } from '../support/admin-scene.js';

const MEBIBYTE = 1024 * 1024;
const EVIL = 'http://evil.example';

/** Every path, those of the calls among them, and those that there are not. */
const PATHS = [
  ...routes
    .filter(({ path }) => !path.endsWith('*'))
    .map(({ method, path, open }) => ({ method, path, open })),
  ...Object.keys(calls).map((name) => ({ method: 'POST', path: `/api/${name}`, open: false })),
  { method: 'GET', path: '/nothing', open: false },
  { method: 'POST', path: '/api/nothing', open: false },
];
const CLOSED = PATHS.filter(({ open }) => open !== true);

describe('an admin listener among strangers', () => {
  let scene: AdminScene;
  let cookie: string;
  const ends: (() => Promise<void>)[] = [];
  before(async () => {
    scene = await AdminScene.open({ after: (end) => void ends.push(end as () => Promise<void>) });
    const { headers } = await scene.admin.bare('/api/login', {
      method: 'POST',
      body: { token: scene.admin.token },
    });
    [cookie] = String(headers['set-cookie']).split(';');
  });
  after(async () => {
    for (const end of ends) await end();
  });
  beforeEach(() => {
    scene.requests.length = 0;
    scene.calls.length = 0;
  });

  function assertNothing({ body }: AdminAnswer): void {
    assert.ok(!body.includes(SECRET), body);
    assert.ok(!body.includes(scene.admin.token), body);
    assert.deepEqual([scene.calls, scene.requests], [[], []]);
  }

  /** Everything that it answers to these bytes. @param more whether more seems to come */
  async function raw(request: string, more = false): Promise<string> {
    const socket = connect(scene.port, '127.0.0.1');
    socket.write(request.replaceAll('\n', '\r\n'));
    if (!more) socket.end();
    return await text(socket);
  }

  it('does nothing without a token, and does not tell what there is', async () => {
    for (const { method, path } of CLOSED) {
      const answer = await scene.admin.bare(path, { method });
      assert.deepEqual([answer.status, answer.json.error?.code], [401, 'GW_AUTH'], path);
      assert.equal(answer.headers['www-authenticate'], 'Bearer');
      assertNothing(answer);
    }
  });

  it('does nothing for a wrong token, in whatever form', async () => {
    const { token } = scene.admin;
    const wrong = [
      'Bearer',
      'Bearer x',
      `Bearer ${token}x`,
      `Bearer ${token.slice(1)}`,
      `Bearer ${token} ${token}`,
      `Basic ${Buffer.from(`:${token}`).toString('base64')}`,
      token,
      `Bearer ${'x'.repeat(8000)}`,
      'Bearer \u00e9',
    ];
    for (const authorization of wrong) {
      const asked = scene.admin.bare('/api/sendToAll', {
        method: 'POST',
        headers: { Authorization: Buffer.from(authorization).toString('latin1'), Cookie: cookie },
        body: { message: 'hi' },
      });
      await passing(asked);
      const answer = await asked;
      assert.equal(answer.status, 401, authorization);
      assertNothing(answer);
    }
  });

  /** Lets time pass until a wrong token is answered. */
  async function passing(asked: Promise<unknown>): Promise<void> {
    const end = new AbortController();
    void asked.finally(() => end.abort());
    while (!end.signal.aborted) {
      scene.clock.advance(5000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('does nothing for pages of other hosts and ports, even with the token or a cookie', async () => {
    const headers = [
      { Origin: EVIL },
      { Origin: 'null' },
      { Origin: 'http://127.0.0.1' },
      { Origin: `http://127.0.0.1:${scene.port + 1}` },
      { Origin: `http://127.0.0.1:${scene.port}.evil.example` },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
    ];
    for (const of of headers) {
      for (const known of [{ Authorization: `Bearer ${scene.admin.token}` }, { Cookie: cookie }]) {
        for (const path of ['/api/sendToAll', '/api/reload', '/api/login', '/api/logout']) {
          const body = { message: 'hi', token: scene.admin.token };
          const answer = await scene.admin.bare(path, {
            method: 'POST',
            headers: { ...of, ...known },
            body,
          });
          assert.equal(answer.status, 403, JSON.stringify([path, of]));
          assert.equal(answer.headers['access-control-allow-origin'], undefined);
          assert.equal(answer.headers['set-cookie'], undefined);
          assertNothing(answer);
        }
      }
    }
  });

  it('does nothing with a cookie alone, as a form of another port would send it', async () => {
    const answer = await scene.admin.bare('/api/reload', { method: 'POST', headers: { Cookie: cookie } });
    assert.equal(answer.status, 403);
    assertNothing(answer);
    const Origin = `http://127.0.0.1:${scene.port}`;
    const own = await scene.admin.bare('/api/reload', {
      method: 'POST',
      headers: { Cookie: cookie, Origin },
    });
    assert.equal(own.status, 200);
  });

  it('refuses names that it is not known by, whose owner could have them lead here', async () => {
    for (const Host of [
      'evil.example',
      `evil.example:${scene.port}`,
      'localhost.evil.example',
      '127.0.0.1.evil',
    ]) {
      const answer = await scene.admin.get('/api/status', { headers: { Host } });
      assert.equal(answer.status, 421, Host);
      assertNothing(answer);
      const login = await scene.admin.post(
        '/api/login',
        { token: scene.admin.token },
        { headers: { Host, Origin: `http://${Host}` } },
      );
      assert.equal(login.status, 421, Host);
    }
    for (const Host of ['localhost', 'LOCALHOST:1', '127.0.0.1', '[::1]:8280', '10.0.0.7']) {
      assert.equal((await scene.admin.get('/api/status', { headers: { Host } })).status, 200, Host);
    }
  });

  it('reads no body of a stranger, and none that is too large', async () => {
    const large = Buffer.alloc(10 * MEBIBYTE, 0x20);
    const stranger = await raw(
      `POST /api/sendToAll HTTP/1.1\nHost: localhost\nContent-Length: ${large.length}\n\n`,
      true,
    );
    assert.match(stranger, /^HTTP\/1\.1 401 [^]*\r\nConnection: close\r\n/);
    const known = `Host: localhost\nAuthorization: Bearer ${scene.admin.token}\n`;
    const told = await raw(`POST /api/sendToAll HTTP/1.1\n${known}Content-Length: ${large.length}\n\n`, true);
    assert.match(told, /^HTTP\/1\.1 413 /);
    // one that does not say how long it is: it is cut off, and may not even hear why, being busy
    const socket = connect(scene.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      `POST /api/sendToAll HTTP/1.1\r\n${known.replaceAll('\n', '\r\n')}Transfer-Encoding: chunked\r\n\r\n`,
    );
    socket.write(`${large.length.toString(16)}\r\n`);
    socket.write(large);
    socket.resume();
    await new Promise((resolve) => void socket.once('close', resolve));
    assert.deepEqual(scene.calls, []);
    assert.equal(
      (await scene.admin.post('/api/sendToAll', { message: 'x'.repeat(4 * MEBIBYTE - 1000) })).status,
      200,
    );
  });

  it('lets a slow body keep nobody waiting', async () => {
    const known = `Host: localhost\r\nAuthorization: Bearer ${scene.admin.token}\r\n`;
    const slow = Array.from({ length: 50 }, () => connect(scene.port, '127.0.0.1'));
    for (const socket of slow) {
      socket.write(`POST /api/sendToAll HTTP/1.1\r\n${known}Content-Length: 100\r\n\r\n{"mess`);
    }
    assert.equal((await scene.admin.get('/api/status')).status, 200);
    // and one that hangs up in the middle is nobody's fault
    for (const socket of slow) socket.destroy();
    assert.equal((await scene.admin.get('/api/status')).status, 200);
    assert.deepEqual(scene.calls, []);
    assert.equal(scene.log.lines.length, 0);
  });

  it('refuses methods that a path does not have', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY', 'HEAD']) {
      const answer = await scene.admin.bare('/api/sendToAll', {
        method,
        headers: { Authorization: `Bearer ${scene.admin.token}` },
      });
      assert.ok([405, 400].includes(answer.status), `${method}: ${answer.status}`);
      if (answer.status === 405) assert.equal(answer.headers.allow, 'POST');
      assertNothing(answer);
    }
    const head = await scene.admin.bare('/livez', { method: 'HEAD' });
    assert.deepEqual([head.status, head.body], [200, '']);
    for (const method of ['get', 'G\u0000T', 'POST /api/reload HTTP/1.1\nGET', 'CONNECT']) {
      const answer = await raw(`${method} /api/status HTTP/1.1\nHost: localhost\n\n`);
      assert.doesNotMatch(answer, /^HTTP\/1\.1 [25]/);
    }
  });

  it('takes a path as it is, and no other that leads there', async () => {
    const tricks = [
      '//api/status',
      '/api//status',
      '/api/status/',
      '/api/./status',
      '/livez/../api/status',
      '/livez/..%2fapi/status',
      '/api/%73tatus',
      '/api/status%00',
      '/api/status;x=1',
      '/API/STATUS',
      '/api/*',
      '/*',
      '*',
      'http://localhost/api/status',
      'http://evil.example/api/status',
      '/api/__proto__',
      '/api/constructor',
      '/api/toString',
      '/api/attach',
      '/api/close',
      '/api/connect',
      '/api/clientState',
      '/../../../../etc/passwd',
      '/%2e%2e/%2e%2e/etc/passwd',
      `/${'x'.repeat(10_000)}`,
    ];
    for (const path of tricks) {
      const authorization = `Authorization: Bearer ${scene.admin.token}\n`;
      for (const known of ['', authorization]) {
        for (const method of ['GET', 'POST']) {
          const answer = await raw(
            `${method} ${path} HTTP/1.1\nHost: localhost\n${known}Connection: close\n\n`,
          );
          assert.match(
            answer,
            known === '' ? /^HTTP\/1\.1 40[01] / : /^HTTP\/1\.1 40[045] /,
            `${method} ${path}`,
          );
          assert.ok(!answer.includes(SECRET));
        }
      }
    }
    assert.deepEqual(scene.calls, []);
  });

  it('refuses bodies that are no arguments', async () => {
    const bodies = [
      'null',
      '[]',
      '1',
      '"text"',
      '{',
      '{"message":"hi"}garbage',
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      '{"message":null}',
      '{"message":1}',
      '{"message":{"type":"object"}}',
      '{"message":{"base64":"%%%"}}',
      '{"message":{"base64":"aGk","more":1}}',
      '{"message":"hi","__proto__":{"raw":true}}',
      '{"message":"hi","mesage":"hi"}',
      '{"message":"hi","clientIds":"nobody"}',
      '{"message":"hi","clientIds":["nobody"]}',
      `{"message":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    ];
    for (const body of bodies) {
      const { status, json } = await scene.admin.post('/api/sendToAll', body);
      assert.equal(status, 400, String(body).slice(0, 100));
      assert.ok((json.error?.message.length ?? 1000) < 400, json.error?.message);
    }
    assert.deepEqual(scene.calls, []);
  });

  it('goes on after what is no HTTP', async () => {
    for (const bytes of [
      '\x16\x03\x01\x02\x00\x01',
      'GET / HTTP/9.9\n\n',
      `GET / HTTP/1.1\nX: ${'x'.repeat(20_000)}\n\n`,
    ]) {
      assert.match(await raw(bytes), /^HTTP\/1\.1 4\d\d |^$/);
    }
    const upgrade = 'GET /api/status HTTP/1.1\nHost: localhost\nConnection: Upgrade\nUpgrade: websocket\n\n';
    assert.match(await raw(upgrade), /^HTTP\/1\.1 401 /);
    assert.equal((await scene.admin.get('/api/status')).status, 200);
  });
});
