import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs, { type ReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { after, before, describe, it, mock, type TestContext } from 'node:test';
import { ManualClock } from '#src/testing/manual-clock.js';
import { tcp } from './formats.js';
import { open, tls } from './opening.js';
import { type StreamFormat, StreamPeer } from './peer.js';

/*
 * The plain HTTP side of a websocket port.
 */

const folder = await mkdtemp(join(tmpdir(), 'static-files-'));
const root = join(folder, 'public');

/** More bytes than the sockets of a connection take while nobody reads. */
const BIG = 32 * 1024 * 1024;

before(async () => {
  await mkdir(join(root, '.git'), { recursive: true });
  await mkdir(join(root, '.well-known'));
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await writeFile(join(root, 'index.html'), '<h1>Chat</h1>');
  await writeFile(join(root, 'app.js'), '0123456789');
  await writeFile(join(root, 'big.bin'), '');
  await truncate(join(root, 'big.bin'), BIG);
  await writeFile(join(root, '.env'), 'secret');
  await writeFile(join(root, '.git', 'config'), 'secret');
  await writeFile(join(root, '.well-known', 'security.txt'), 'public');
});
after(() => rm(folder, { recursive: true }));

interface Answer {
  status: number | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

/** Unlike `fetch`, leaves the path as it is. */
async function get(
  url: string,
  path: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const asked = request({ hostname, port, path, agent: false, ...options });
  asked.end();
  const [response]: IncomingMessage[] = await once(asked, 'response');
  const chunks: Buffer[] = await response.toArray();
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() };
}

async function connect(t: TestContext, url: string, format: StreamFormat = tcp): Promise<StreamPeer> {
  const peer = await StreamPeer.connect(url, format);
  t.after(() => peer.destroy());
  return peer;
}

function answerTo(peer: StreamPeer): string {
  return Buffer.concat(peer.messages).toString();
}

function ask(path: string, method = 'GET'): string {
  return `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}

function upgradeTo(headers: string): string {
  return `GET /healthz HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;
}

/** The statuses of all answers that came, in order. */
function statuses(peer: StreamPeer): string[] {
  return [...answerTo(peer).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
}

/** Files that are opened from now on. */
function openedFiles(t: TestContext): ReadStream[] {
  const files: ReadStream[] = [];
  const original = fs.createReadStream;
  const opened = mock.method(fs, 'createReadStream', (...args: Parameters<typeof original>) => {
    const file = original(...args);
    files.push(file);
    return file;
  });
  syncBuiltinESMExports();
  t.after(() => {
    opened.mock.restore();
    syncBuiltinESMExports();
  });
  return files;
}

/** Gives `file` for every file that is opened. */
function serveFrom(t: TestContext, file: Readable): void {
  const original = fs.createReadStream;
  const opened = mock.method(fs, 'createReadStream', (...args: Parameters<typeof original>) => {
    const unread = original(...args);
    file.once('close', () => unread.destroy());
    return file;
  });
  syncBuiltinESMExports();
  t.after(() => {
    opened.mock.restore();
    syncBuiltinESMExports();
  });
}

describe('static files', { timeout: 20_000 }, () => {
  it('are served with their type', async (t) => {
    const { listener } = await open(t, 'ws', { static: root });
    const page = await get(listener.context.url, '/');
    assert.deepEqual([page.status, page.body], [200, '<h1>Chat</h1>']);
    assert.equal(page.headers['content-type'], 'text/html;charset=utf-8');
    assert.equal(page.headers['x-content-type-options'], 'nosniff');
    assert.match(
      (await get(listener.context.url, '/app.js?v=1')).headers['content-type'] ?? '',
      /javascript/,
    );
    assert.equal((await get(listener.context.url, '/.well-known/security.txt')).body, 'public');
  });

  it('may change, and are not sent again while they do not', async (t) => {
    const { listener } = await open(t, 'ws', { static: root });
    await writeFile(join(root, 'changing.txt'), 'before');
    const first = await get(listener.context.url, '/changing.txt');
    const headers = { 'if-none-match': first.headers.etag ?? '' };
    const same = await get(listener.context.url, '/changing.txt', { headers });
    assert.deepEqual([first.body, same.status, same.body], ['before', 304, '']);
    await writeFile(join(root, 'changing.txt'), 'and after');
    assert.equal((await get(listener.context.url, '/changing.txt', { headers })).body, 'and after');
  });

  it('answers HEAD without a body', async (t) => {
    const { listener } = await open(t, 'ws', { static: root });
    const { status, headers, body } = await get(listener.context.url, '/app.js', { method: 'HEAD' });
    assert.deepEqual([status, headers['content-length'], body], [200, '10', '']);
  });

  for (const path of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/..%5csecret.txt',
    '/app.js/../../secret.txt',
    '/.env',
    '/%2eenv',
    '/.git/config',
    '/missing.txt',
    '/%00',
    '/%',
    '/%2eenv?%ff',
    '/%2eenv?a=%',
    '/%2eenv#%',
    '/%2eenv#?%',
    '/%2egit/config?%zz',
    'http://localhost/%2eenv?%',
  ]) {
    it(`answers 404 to ${path}`, async (t) => {
      const { listener } = await open(t, 'ws', { static: root });
      const { status, body } = await get(listener.context.url, path);
      assert.equal(status, 404);
      assert.match(body, /no such file/);
    });
  }

  for (const path of ['/app.js?%ff', '/app.js#%', '/app.js?/.env', '/app.js#/.env?/.git']) {
    it(`answers 200 to ${path}: a query is no name`, async (t) => {
      const { listener } = await open(t, 'ws', { static: root });
      const { status, body } = await get(listener.context.url, path);
      assert.deepEqual([status, body], [200, '0123456789']);
    });
  }

  it('answers 404 where the folder does not exist', async (t) => {
    const { listener } = await open(t, 'ws', { static: join(folder, 'nowhere') });
    assert.equal((await get(listener.context.url, '/')).status, 404);
  });

  describe('on a disk of its own mind', () => {
    it('survives a file that cannot be read', async (t) => {
      const { listener } = await open(t, 'ws', { static: root });
      const unreadable = new Readable({ read: () => unreadable.destroy(new Error('EIO')) });
      serveFrom(t, unreadable);
      await assert.rejects(get(listener.context.url, '/app.js'), { code: 'ECONNRESET' });
      assert.equal((await get(listener.context.url, '/healthz')).status, 200);
    });

    it('closes the file when the client hangs up', async (t) => {
      const { listener } = await open(t, 'ws', { static: root });
      const endless = new Readable({ read: () => {} });
      serveFrom(t, endless);
      endless.push('01234');
      const peer = await connect(t, listener.context.url);
      peer.write(Buffer.from('GET /app.js HTTP/1.1\r\nHost: localhost\r\n\r\n'));
      await peer.until('the beginning', () => answerTo(peer).endsWith('01234'));
      const closed = once(endless, 'close');
      peer.reset();
      await closed;
    });
  });
});

describe('/healthz', { timeout: 20_000 }, () => {
  it('says ok', async (t) => {
    const { listener } = await open(t, 'ws', { static: root });
    const { status, headers, body } = await get(listener.context.url, '/healthz?from=kubelet');
    assert.deepEqual([status, headers['content-type'], body], [200, 'application/json', '{"status":"ok"}']);
  });

  it('says stopping once the port is being closed', async (t) => {
    const { listener } = await open(t, 'ws');
    const peer = await connect(t, listener.context.url);
    const [beginning, rest] = ['GET /healthz HTTP/1.1\r\n', 'Host: localhost\r\n\r\n'];
    peer.write(Buffer.from(beginning + rest + beginning)); // one request, and the beginning of another
    await peer.until('the first answer', () => answerTo(peer).endsWith('{"status":"ok"}'));
    await listener.close();
    peer.write(Buffer.from(rest));
    await peer.until('the end', () => peer.ended);
    assert.match(answerTo(peer), /HTTP\/1\.1 503 [^]*\{"status":"stopping"\}$/);
  });

  it('waits for a request only so long once the port is closed', async (t) => {
    const clock = new ManualClock();
    const { listener } = await open(t, 'ws', { clock });
    const peer = await connect(t, listener.context.url);
    peer.write(Buffer.from('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET'));
    await peer.until('the first answer', () => answerTo(peer).endsWith('{"status":"ok"}'));
    await listener.close();
    clock.advance(5_000);
    await peer.until('the end', () => peer.closed);
  });

  it('leaves no timer behind', async (t) => {
    const clock = new ManualClock();
    const { listener } = await open(t, 'ws', { clock });
    await listener.close();
    while (clock.timers > 0) await setImmediate();
  });
});

describe('the client for pages', { timeout: 20_000 }, () => {
  const path = '/gatewayworker.js';

  for (const folderOf of [undefined, root, join(folder, 'nowhere')]) {
    it(`is sent to any page, ${folderOf === undefined ? 'without files' : 'where no file has its name'}`, async (t) => {
      const { listener } = await open(t, 'ws', { static: folderOf });
      const { status, headers, body } = await get(listener.context.url, `${path}?v=1`);
      assert.deepEqual([status, headers['content-type']], [200, 'text/javascript;charset=utf-8']);
      assert.equal(headers['access-control-allow-origin'], '*');
      assert.match(body, /export\{.*connect/);
      const { etag = '' } = headers;
      const again = await get(listener.context.url, path, { headers: { 'If-None-Match': etag } });
      assert.deepEqual([again.status, again.body], [304, '']);
      const head = await get(listener.context.url, path, { method: 'HEAD' });
      assert.deepEqual([head.status, head.headers['content-length']], [200, String(body.length)]);
      assert.notEqual((await get(listener.context.url, `${path}/`)).status, 200);
    });
  }

  it('is the file of that name where there is one', async (t) => {
    const own = await mkdtemp(join(folder, 'own-'));
    await writeFile(join(own, 'gatewayworker.js'), 'mine');
    const { listener } = await open(t, 'ws', { static: own });
    const { body, headers } = await get(listener.context.url, path);
    assert.deepEqual([body, headers['access-control-allow-origin']], ['mine', undefined]);
  });

  it('is sent before the application is asked, but to whom only reads', async (t) => {
    const { host, listener } = await open(t, 'ws', { static: root });
    host.answers = true;
    assert.equal((await get(listener.context.url, path)).status, 200);
    const posted = get(listener.context.url, path, { method: 'POST' });
    await host.until('the request', () => host.exchanges.length === 1);
    host.exchanges[0].answer({ status: 202, text: '', headers: [], body: Buffer.alloc(0) });
    assert.equal((await posted).status, 202);
  });
});

describe('other plain HTTP', { timeout: 20_000 }, () => {
  it('is told that a websocket is expected', async (t) => {
    const { listener } = await open(t, 'ws');
    const { status, headers, body } = await get(listener.context.url, '/chat');
    assert.deepEqual([status, headers.upgrade], [426, 'websocket']);
    assert.match(body, /websocket/);
  });

  it('may not change anything', async (t) => {
    const { listener } = await open(t, 'ws', { static: root });
    const { status, headers } = await get(listener.context.url, '/app.js', { method: 'DELETE' });
    assert.deepEqual([status, headers.allow], [405, 'GET, HEAD']);
  });

  it('may offer another protocol, which is ignored', async (t) => {
    const { listener } = await open(t, 'ws');
    const peer = await connect(t, listener.context.url);
    const upgrade = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
    peer.write(Buffer.from(`GET /healthz HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\n`));
    await peer.until('the end', () => peer.ended);
    assert.match(answerTo(peer), /^HTTP\/1\.1 200 OK\r\n[^]*\{"status":"ok"\}$/);
  });

  it('is answered 400 when it is none, and reported', async (t) => {
    const { host, listener } = await open(t, 'ws');
    const peer = await connect(t, listener.context.url);
    peer.write(Buffer.from('hello\r\n\r\n'));
    await peer.until('the end', () => peer.ended);
    assert.match(answerTo(peer), /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.deepEqual([host.refusals[0].kind, host.refusals[0].remoteAddress], ['http 400', '127.0.0.1']);
  });
});

describe('several requests on one connection', { timeout: 20_000 }, () => {
  const h2c = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
  const handshake = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n',
  ].join('\r\n');

  for (const [what, first] of [
    ['a request', ask('/healthz')],
    ['a big file', ask('/big.bin')],
    ['two requests', ask('/big.bin') + ask('/healthz')],
    ['a request without a host', 'GET / HTTP/1.1\r\n\r\n'],
    ['an expectation', 'GET / HTTP/1.1\r\nHost: localhost\r\nExpect: miracles\r\n\r\n'],
  ] as const) {
    for (const [protocol, headers] of [
      ['a websocket', handshake],
      ['another protocol', h2c],
    ] as const) {
      it(`refuses an upgrade to ${protocol} that does not wait for the answer to ${what}`, async (t) => {
        const { host, listener } = await open(t, 'ws', { static: root });
        const peer = await connect(t, listener.context.url);
        peer.write(Buffer.from(first + upgradeTo(headers)));
        await peer.until('the end', () => peer.closed);
        assert.ok(statuses(peer).length <= 1);
        assert.doesNotMatch(answerTo(peer), /HTTP\/1\.1 101/);
        assert.equal(host.clients.length, 0);
        assert.equal((await get(listener.context.url, '/healthz')).status, 200);
      });
    }
  }

  for (const [scheme, format] of [
    ['ws', tcp],
    ['wss', { ...tcp, tls: true }],
  ] as const) {
    it(`may be followed by an upgrade when they are answered (${scheme})`, async (t) => {
      const { host, listener } = await open(t, scheme, scheme === 'wss' ? { tls } : {});
      const peer = await connect(t, listener.context.url, format);
      for (const count of [1, 2]) {
        peer.write(Buffer.from(ask('/healthz')));
        await peer.until('the answer', () => answerTo(peer).split('{"status":"ok"}').length > count);
      }
      peer.write(Buffer.from(upgradeTo(handshake)));
      await host.until('the client', () => host.clients.length === 1);
      await peer.until('the handshake', () => statuses(peer).length === 3);
      assert.deepEqual(statuses(peer), ['200', '200', '101']);
    });
  }

  it('are answered in order when one waits for another', async (t) => {
    const { listener } = await open(t, 'ws', { static: root });
    const peer = await connect(t, listener.context.url);
    peer.write(Buffer.from(ask('/app.js') + ask('/healthz')));
    await peer.until('both', () => answerTo(peer).endsWith('{"status":"ok"}'));
    assert.match(answerTo(peer), /0123456789HTTP\/1\.1 200 OK/);
    peer.write(Buffer.from(ask('/missing.txt')));
    await peer.until('the next', () => statuses(peer).length === 3);
    assert.deepEqual(statuses(peer), ['200', '200', '404']);
  });

  for (const [path, method] of [
    ['/big.bin', 'GET'],
    ['/app.js', 'GET'],
    ['/app.js', 'HEAD'],
    ['/healthz', 'GET'],
  ] as const) {
    it(`are refused when more than one waits: ${method} ${path}`, async (t) => {
      const { listener } = await open(t, 'ws', { static: root });
      const files = openedFiles(t);
      const peer = await connect(t, listener.context.url);
      peer.write(Buffer.from(ask(path, method).repeat(100)));
      await peer.until('the end', () => peer.ended);
      assert.deepEqual(statuses(peer), ['200', '200', '503']);
      assert.match(answerTo(peer), /503 Service Unavailable\r\n(?:.+\r\n)*Connection: close\r\n/);
      if (method === 'GET') assert.match(answerTo(peer), /Too many requests at once: [^]*\n$/);
      while (files.some((file) => !file.closed)) await setImmediate();
      assert.equal(files.length, path === '/healthz' || method === 'HEAD' ? 0 : 2);
    });
  }

  for (const path of ['/big.bin', '/app.js']) {
    it(`leave no file open when the client hangs up: ${path}`, async (t) => {
      const { listener } = await open(t, 'ws', { static: root });
      const files = openedFiles(t);
      const peer = await connect(t, listener.context.url);
      peer.stopReading();
      await peer.flush(Buffer.from(ask(path).repeat(1_000)));
      while (files.length === 0) await setImmediate();
      peer.reset();
      await get(listener.context.url, '/healthz'); // the reset has been seen when this is answered
      while (files.some((file) => !file.closed)) await setImmediate();
      assert.ok(files.length <= 2, `${files.length} files`);
    });
  }

  it('are answered though what follows is no HTTP', async (t) => {
    const { host, listener } = await open(t, 'ws', { static: root });
    for (const path of ['/healthz', '/app.js']) {
      const peer = await connect(t, listener.context.url);
      peer.write(Buffer.from(`${ask(path)}hello\r\n\r\n`));
      await peer.until('the end', () => peer.closed);
      assert.match(answerTo(peer), path === '/healthz' ? /\{"status":"ok"\}$/ : /0123456789$/);
    }
    assert.deepEqual(
      host.refusals.map(({ kind }) => kind),
      ['http 400', 'http 400'],
    );
  });

  it('are not mixed up with the refusal of what is no HTTP', async (t) => {
    const { listener } = await open(t, 'ws', { static: root });
    const peer = await connect(t, listener.context.url);
    peer.write(Buffer.from(`${ask('/big.bin')}hello\r\n\r\n`));
    await peer.until('the end', () => peer.closed);
    assert.doesNotMatch(answerTo(peer), /400 Bad Request/);
  });
});

describe('wss', { timeout: 20_000 }, () => {
  it('reports a client that does not speak TLS', async (t) => {
    const { host, listener } = await open(t, 'wss', { tls });
    const peer = await connect(t, listener.context.url);
    peer.write(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'));
    await host.until('the refusal', () => host.refusals.length === 1);
    assert.equal(host.refusals[0].kind, 'tls');
    await peer.until('the end', () => peer.closed);
  });

  it('answers headers that are too long', async (t) => {
    const { listener } = await open(t, 'wss', { tls });
    const peer = await connect(t, listener.context.url, { ...tcp, tls: true });
    peer.write(Buffer.from(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(500_000)}`));
    await peer.until('the end', () => peer.closed);
    assert.match(answerTo(peer), /^HTTP\/1\.1 431 [^]*maxHeaderSize/);
  });

  it('names a certificate that cannot be read', async (t) => {
    const missing = { cert: join(folder, 'missing.pem'), key: tls.key };
    await assert.rejects(open(t, 'wss', { tls: missing }), { code: 'GW_TLS', message: /missing\.pem/ });
    await assert.rejects(open(t, 'wss'), { code: 'GW_LISTEN', message: /expected tls: \{ cert, key \}/ });
  });
});
