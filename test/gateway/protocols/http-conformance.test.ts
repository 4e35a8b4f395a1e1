import assert from 'node:assert/strict';
import fs, { existsSync } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { after, before, describe, it, mock } from 'node:test';
import { answerIn, dial, exchange, type RawAnswer, rest } from './http-peer.js';
import { open } from './opening.js';

/*
 * What RFC 9110 (semantics) and RFC 9112 (HTTP/1.1) ask of a server of files, byte by byte.
 */

// A date without a zone, as one of the old forms has it, is not one of this machine's.
process.env.TZ = 'Asia/Shanghai';

const folder = await mkdtemp(join(tmpdir(), 'http-conformance-'));
const root = join(folder, 'public');
const TEN = '0123456789';

/** When `/ten.txt` was last written to, a second before, and a second after. */
const WRITTEN = 'Sun, 06 Nov 1994 08:49:37 GMT';
const EARLIER = 'Sun, 06 Nov 1994 08:49:36 GMT';
const LATER = 'Sun, 06 Nov 1994 08:49:38 GMT';

/** More bytes than the sockets of a connection take while nobody reads. */
const BIG = 32 * 1024 * 1024;

before(async () => {
  await mkdir(join(root, 'sub', 'inner folder'), { recursive: true });
  await mkdir(join(root, 'empty'));
  await mkdir(join(root, '.git'));
  await mkdir(join(root, 'evil.example'));
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await writeFile(join(root, 'ten.txt'), TEN);
  await writeFile(join(root, 'empty.txt'), '');
  await writeFile(join(root, '.env'), 'secret');
  await writeFile(join(root, '.git', 'config'), 'secret');
  await writeFile(join(root, 'index.html'), 'root');
  await writeFile(join(root, 'sub', 'index.html'), 'sub');
  await writeFile(join(root, 'sub', 'inner folder', 'index.html'), 'inner');
  await writeFile(join(root, 'evil.example', 'index.html'), 'evil');
  await writeFile(join(root, 'größe ?#%.txt'), 'odd');
  await writeFile(join(root, 'big.bin'), '');
  await truncate(join(root, 'big.bin'), BIG);
  for (const name of [
    'a.html',
    'a.CSS',
    'a.js',
    'a.md',
    'a.json',
    'a.svg',
    'a.tar.gz',
    'a.constructor',
    'a',
  ]) {
    await writeFile(join(root, name), 'a');
  }
  await symlink('ten.txt', join(root, 'link.txt'));
  await symlink('sub', join(root, 'linked'));
  await symlink('../secret.txt', join(root, 'out.txt'));
  await symlink('..', join(root, 'up'));
  await symlink('.env', join(root, 'env.txt'));
  await symlink('.git', join(root, 'git'));
  await symlink('loop', join(root, 'loop'));
  await symlink('nowhere', join(root, 'dangling'));
  await symlink('public', join(folder, 'current'));
  await utimes(join(root, 'ten.txt'), new Date(WRITTEN), new Date(Date.parse(WRITTEN) + 700));
});
after(() => rm(folder, { recursive: true }));

const files = { static: root };

function ask(path: string, fields: readonly string[] = [], method = 'GET'): string {
  return [`${method} ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...fields, '', ''].join(
    '\r\n',
  );
}

/** Sends `fields` with a request for `/ten.txt`, `TAG` in them being its ETag. */
async function askForTen(url: string, fields: readonly string[], method = 'GET'): Promise<RawAnswer> {
  const { headers } = await exchange(url, ask('/ten.txt', [], 'HEAD'));
  const tagged = fields.map((field) => field.replaceAll('TAG', headers.etag));
  return exchange(url, ask('/ten.txt', tagged, method));
}

describe('a range', { timeout: 20_000 }, () => {
  for (const [range, body, contentRange] of [
    ['bytes=0-0', '0', '0-0'],
    ['bytes=9-9', '9', '9-9'],
    ['bytes=2-4', '234', '2-4'],
    ['bytes=0-9', TEN, '0-9'],
    ['bytes=7-', '789', '7-9'],
    ['bytes=0-', TEN, '0-9'],
    ['bytes=8-10', '89', '8-9'],
    ['bytes=5-99999999999999999999', '56789', '5-9'],
    ['bytes=-1', '9', '9-9'],
    ['bytes=-10', TEN, '0-9'],
    ['bytes=-11', TEN, '0-9'],
    ['bytes=-99999999999999999999', TEN, '0-9'],
    ['BYTES=1-2', '12', '1-2'],
    ['bytes=1-2,', '12', '1-2'],
    ['bytes=, 1-2', '12', '1-2'],
  ]) {
    it(`is sent: ${range}`, async (t) => {
      const { listener } = await open(t, 'ws', files);
      const answer = await exchange(listener.context.url, ask('/ten.txt', [`Range: ${range}`]));
      assert.deepEqual([answer.status, answer.body], [206, body]);
      assert.equal(answer.headers['content-range'], `bytes ${contentRange}/10`);
      assert.equal(answer.headers['last-modified'], WRITTEN);
      assert.match(answer.headers.etag, /^"[^"]+"$/);
    });
  }

  for (const [path, range, size] of [
    ['/ten.txt', 'bytes=10-', 10],
    ['/ten.txt', 'bytes=10-10', 10],
    ['/ten.txt', 'bytes=99999999999999999999-', 10],
    ['/ten.txt', 'bytes=-0', 10],
    ['/empty.txt', 'bytes=0-', 0],
    ['/empty.txt', 'bytes=0-0', 0],
  ] as const) {
    it(`is refused where nothing is: ${range} of ${path}`, async (t) => {
      const { listener } = await open(t, 'ws', files);
      const { status, headers, body } = await exchange(listener.context.url, ask(path, [`Range: ${range}`]));
      assert.deepEqual([status, headers['content-range'], body], [416, `bytes */${size}`, '']);
    });
  }

  for (const fields of [
    ['Range: bytes=4-2'],
    ['Range: bytes=-'],
    ['Range: bytes='],
    ['Range: bytes'],
    ['Range: bytes=a-b'],
    ['Range: bytes=0x1-2'],
    ['Range: bytes=1-2-3'],
    ['Range: bytes=--1'],
    ['Range: bytes=+1-2'],
    ['Range: 1-2'],
    ['Range: items=1-2'],
    ['Range: bytes=0-0,-1'],
    ['Range: bytes=0-0, 20-'],
    ['Range: bytes=0-0', 'Range: bytes=2-2'],
  ]) {
    it(`is ignored where it is none, or several: ${fields.join(' and ')}`, async (t) => {
      const { listener } = await open(t, 'ws', files);
      const { status, headers, body } = await exchange(listener.context.url, ask('/ten.txt', fields));
      assert.deepEqual([status, headers['accept-ranges'], body], [200, 'bytes', TEN]);
      assert.equal(headers['content-range'], undefined);
    });
  }

  it('is for GET only', async (t) => {
    const { listener } = await open(t, 'ws', files);
    const { status, headers } = await exchange(
      listener.context.url,
      ask('/ten.txt', ['Range: bytes=1-2'], 'HEAD'),
    );
    assert.deepEqual([status, headers['content-length']], [200, '10']);
  });

  it('of the end of nothing is nothing', async (t) => {
    const { listener } = await open(t, 'ws', files);
    const { status, body } = await exchange(listener.context.url, ask('/empty.txt', ['Range: bytes=-5']));
    assert.deepEqual([status, body], [200, '']);
  });
});

function line(bytes: number): string {
  return `X: ${'a'.repeat(bytes)}`;
}

describe('a condition', { timeout: 20_000 }, () => {
  for (const [status, ...fields] of [
    // 13.1.1
    [200, 'If-Match: TAG'],
    [200, 'If-Match: "a", TAG'],
    [200, 'If-Match: "a"', 'If-Match: TAG'],
    [200, 'If-Match: *'],
    [412, 'If-Match: "a"'],
    [412, 'If-Match: W/TAG'],
    [412, 'If-Match: a'],
    // 13.1.2
    [304, 'If-None-Match: TAG'],
    [304, 'If-None-Match: W/TAG'],
    [304, 'If-None-Match: "a",TAG'],
    [304, 'If-None-Match: "a,b" , W/"c", TAG'],
    [304, 'If-None-Match: "a"', 'If-None-Match: TAG'],
    [304, 'If-None-Match: *'],
    [200, 'If-None-Match: "a"'],
    [200, 'If-None-Match: "a", W/"b"'],
    [200, 'If-None-Match: a'],
    [200, 'If-None-Match: '],
    [304, 'If-None-Match: TAG', 'Cache-Control: no-cache'],
    // 13.1.3
    [304, `If-Modified-Since: ${WRITTEN}`],
    [304, `If-Modified-Since: ${LATER}`],
    [200, `If-Modified-Since: ${EARLIER}`],
    [304, 'If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT'],
    [304, 'If-Modified-Since: Sun Nov  6 08:49:37 1994'],
    [200, 'If-Modified-Since: Sun Nov  6 08:49:36 1994'],
    [304, 'If-Modified-Since: Sat, 01 Jan 2050 00:00:00 GMT'],
    [200, 'If-Modified-Since: Sun, 31 Feb 2019 00:00:00 GMT'],
    [200, 'If-Modified-Since: Sun, 06 Nov 2019 25:00:00 GMT'],
    [200, 'If-Modified-Since: Sun, 06 Nov 2019 08:49:37 CET'],
    [200, 'If-Modified-Since: 2050-01-01'],
    [200, 'If-Modified-Since: 2050'],
    [200, `If-Modified-Since: ${WRITTEN}`, `If-Modified-Since: ${WRITTEN}`],
    // 13.1.4
    [200, `If-Unmodified-Since: ${WRITTEN}`],
    [200, `If-Unmodified-Since: ${LATER}`],
    [412, `If-Unmodified-Since: ${EARLIER}`],
    [200, 'If-Unmodified-Since: 1990'],
    // 13.2.2
    [200, 'If-Match: TAG', `If-Unmodified-Since: ${EARLIER}`],
    [412, 'If-Match: "a"', `If-Unmodified-Since: ${LATER}`],
    [412, 'If-Match: "a"', 'If-None-Match: TAG'],
    [304, 'If-Match: TAG', 'If-None-Match: TAG'],
    [200, 'If-None-Match: "a"', `If-Modified-Since: ${WRITTEN}`],
    [304, 'If-None-Match: TAG', `If-Modified-Since: ${EARLIER}`],
    [304, 'If-None-Match: TAG', 'Range: bytes=0-0'],
    [304, 'If-None-Match: TAG', 'Range: bytes=20-'],
    [412, 'If-Match: "a"', 'Range: bytes=0-0'],
    [206, 'If-Match: TAG', 'Range: bytes=0-0'],
  ] as const) {
    for (const method of ['GET', 'HEAD']) {
      it(`is answered ${status}: ${method}, ${fields.join(', ')}`, async (t) => {
        const { listener } = await open(t, 'ws', files);
        const answer = await askForTen(listener.context.url, fields, method);
        assert.equal(answer.status, status === 206 && method === 'HEAD' ? 200 : status);
        assert.match(answer.headers.etag, /^"[^"]+"$/);
        assert.equal(answer.headers['cache-control'], 'no-cache');
        // 15.4.5
        if (status === 304)
          assert.ok(!('content-type' in answer.headers || 'content-length' in answer.headers));
      });
    }
  }

  for (const [status, condition] of [
    [206, 'TAG'],
    [206, WRITTEN],
    [206, 'Sunday, 06-Nov-94 08:49:37 GMT'],
    [206, 'Sun Nov  6 08:49:37 1994'],
    [200, 'W/TAG'],
    [200, '"a"'],
    [200, '"a", TAG'],
    [200, '*'],
    [200, EARLIER],
    [200, LATER],
    [200, 'yesterday'],
    [200, ''],
  ] as const) {
    it(`of a range is answered ${status}: If-Range: ${condition}`, async (t) => {
      const { listener } = await open(t, 'ws', files);
      const answer = await askForTen(listener.context.url, ['Range: bytes=2-4', `If-Range: ${condition}`]);
      assert.deepEqual([answer.status, answer.body], [status, status === 206 ? '234' : TEN]);
    });
  }

  it('of a range that fails leaves no range to be refused', async (t) => {
    const { listener } = await open(t, 'ws', files);
    assert.equal((await askForTen(listener.context.url, ['Range: bytes=20-', 'If-Range: "a"'])).status, 200);
    assert.equal((await askForTen(listener.context.url, ['Range: bytes=20-', 'If-Range: TAG'])).status, 416);
    assert.equal((await askForTen(listener.context.url, ['If-Range: "a"'])).status, 200);
  });

  it('sees a change that left size and date as they were', async (t) => {
    const { listener } = await open(t, 'ws', files);
    const path = join(root, 'changing.txt');
    const write = async (text: string): Promise<void> => {
      await writeFile(path, text);
      await utimes(path, new Date(WRITTEN), new Date(WRITTEN));
    };
    await write('before');
    const { headers } = await exchange(listener.context.url, ask('/changing.txt'));
    await write('behind');
    const resumed = await exchange(
      listener.context.url,
      ask('/changing.txt', ['Range: bytes=3-', `If-Range: ${headers.etag}`]),
    );
    assert.deepEqual([resumed.status, resumed.body], [200, 'behind']);
    const again = await exchange(
      listener.context.url,
      ask('/changing.txt', [`If-None-Match: ${headers.etag}`]),
    );
    assert.deepEqual([again.status, again.body], [200, 'behind']);
  });

  it('does not trust the date of a second that is not over, or is to come', async (t) => {
    const { listener } = await open(t, 'ws', files);
    const path = join(root, 'new.txt');
    await writeFile(path, TEN);
    await utimes(path, new Date(), new Date(Date.now() + 86_400_000));
    const { headers } = await exchange(listener.context.url, ask('/new.txt'));
    assert.ok(Date.parse(headers['last-modified']) <= Date.parse(headers.date));
    const fields = ['Range: bytes=2-4', `If-Range: ${headers['last-modified']}`];
    assert.equal((await exchange(listener.context.url, ask('/new.txt', fields))).status, 200);
  });
});

describe('a path', { timeout: 20_000 }, () => {
  for (const [path, body] of [
    ['/', 'root'],
    ['/?/../x', 'root'],
    ['/sub/', 'sub'],
    ['/sub/index.html', 'sub'],
    ['/sub/?a=1', 'sub'],
    ['//sub//', 'sub'],
    ['/%73ub/inner%20folder/', 'inner'],
    ['/gr%C3%B6%C3%9Fe%20%3F%23%25.txt', 'odd'],
    ['http://localhost/ten.txt', TEN],
    ['HTTP://other.example:8080/ten.txt?a', TEN],
    ['http://localhost', 'root'],
    ['http://localhost?/ten.txt', 'root'],
    ['http://localhost/healthz', '{"status":"ok"}'],
    ['http://localhost/http://localhost/', undefined],
    ['/link.txt', TEN],
    ['/linked/', 'sub'],
    ['/out.txt', undefined],
    ['/up/secret.txt', undefined],
    ['/up/public/ten.txt', TEN],
    ['/env.txt', undefined],
    ['/git/config', undefined],
    ['/loop', undefined],
    ['/dangling', undefined],
    ['/ten.txt/', undefined],
    ['/ten.txt/x', undefined],
    ['/empty', undefined],
    ['/empty/', undefined],
    ['/sub%2Findex.html', undefined],
    ['/sub/./index.html', undefined],
    ['/sub/../ten.txt', undefined],
    ['/sub/%2e%2e/ten.txt', undefined],
    ['/..%2f..%2fetc/passwd', undefined],
    ['/%2e%2e%5csecret.txt', undefined],
    ['/sub%5c..%5c..%5csecret.txt', undefined],
    ['/ten.txt%00', undefined],
    ['/%00/ten.txt', undefined],
    ['/%ff', undefined],
    ['/%c0%ae%c0%ae/secret.txt', undefined],
    ['/%E0%A4%A', undefined],
    [`/${'a'.repeat(300)}`, undefined],
    [`/${'a/'.repeat(4_000)}`, undefined],
    ['ftp://localhost/ten.txt', undefined],
  ] as const) {
    it(`is answered ${body ?? 404}: ${path.slice(0, 40)}`, async (t) => {
      const { listener } = await open(t, 'ws', files);
      const answer = await exchange(listener.context.url, ask(path));
      assert.equal(answer.status, body === undefined ? 404 : 200);
      if (body !== undefined) assert.equal(answer.body, body);
    });
  }

  for (const [path, location] of [
    ['/sub', '/sub/'],
    ['/sub?a=1&b=%2F?', '/sub/?a=1&b=%2F?'],
    ['/linked', '/linked/'],
    ['/sub/inner%20folder', '/sub/inner%20folder/'],
    ['//evil.example', '/evil.example/'],
    ['///evil.example?x', '/evil.example/?x'],
    ['http://evil.example/sub?x', '/sub/?x'],
  ]) {
    it(`of a folder leads to its slash: ${path}`, async (t) => {
      const { listener } = await open(t, 'ws', files);
      const { status, headers } = await exchange(listener.context.url, ask(path));
      assert.deepEqual([status, headers.location], [301, location]);
      assert.equal((await exchange(listener.context.url, ask(location))).status, 200);
    });
  }

  it('may begin at a link, which may lead elsewhere at any time', async (t) => {
    const { listener } = await open(t, 'ws', { static: join(folder, 'current') });
    assert.equal((await exchange(listener.context.url, ask('/ten.txt'))).body, TEN);
    await symlink(join('public', 'sub'), join(folder, 'next'));
    await rename(join(folder, 'next'), join(folder, 'current'));
    assert.equal((await exchange(listener.context.url, ask('/'))).body, 'sub');
  });

  it('of a socket is none', async (t) => {
    const { listener } = await open(t, 'ws', files);
    const server = createServer().listen(join(root, 'socket'));
    t.after(() => server.close());
    while (!existsSync(join(root, 'socket'))) await setImmediate();
    assert.equal((await exchange(listener.context.url, ask('/socket'))).status, 404);
  });

  for (const [name, type] of [
    ['a.html', 'text/html;charset=utf-8'],
    ['ten.txt', 'text/plain;charset=utf-8'],
    ['a.CSS', 'text/css;charset=utf-8'],
    ['a.js', 'text/javascript;charset=utf-8'],
    ['a.md', 'text/markdown;charset=utf-8'],
    ['a.json', 'application/json'],
    ['a.svg', 'image/svg+xml'],
    ['a.tar.gz', 'application/gzip'],
    ['a.constructor', 'application/octet-stream'],
    ['a', 'application/octet-stream'],
  ]) {
    it(`tells the type: ${name}`, async (t) => {
      const { listener } = await open(t, 'ws', files);
      const { headers } = await exchange(listener.context.url, ask(`/${name}`));
      assert.deepEqual([headers['content-type'], headers['x-content-type-options']], [type, 'nosniff']);
      assert.equal(headers['content-encoding'], undefined);
    });
  }
});

const handshake = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==',
];

describe('a request', { timeout: 40_000 }, () => {
  for (const [what, status, ...lines] of [
    ['no host', 400, 'GET /ten.txt HTTP/1.1'],
    ['no host, long ago', 200, 'GET /ten.txt HTTP/1.0'],
    ['an empty host', 200, 'GET /ten.txt HTTP/1.1', 'Host:'],
    ['a host with a port', 200, 'GET /ten.txt HTTP/1.1', 'Host: a_b.example:80'],
    ['an address', 200, 'GET /ten.txt HTTP/1.1', 'Host: [::1]:80'],
    ['two hosts', 400, 'GET /ten.txt HTTP/1.1', 'Host: a', 'Host: b'],
    ['one host twice', 400, 'GET /ten.txt HTTP/1.1', 'Host: a', 'host: a'],
    ['two hosts, long ago', 400, 'GET /ten.txt HTTP/1.0', 'Host: a', 'Host: b'],
    ['two hosts for a check', 400, 'GET /healthz HTTP/1.1', 'Host: a', 'Host: b'],
    ['two hosts and another target', 400, 'GET http://c/ten.txt HTTP/1.1', 'Host: a', 'Host: b'],
    ['a path for a host', 400, 'GET /ten.txt HTTP/1.1', 'Host: a/b'],
    ['two words for a host', 400, 'GET /ten.txt HTTP/1.1', 'Host: a b'],
    ['a user', 400, 'GET /ten.txt HTTP/1.1', 'Host: a@b'],
    ['another port', 400, 'GET /ten.txt HTTP/1.1', 'Host: a:b'],
    ['no host, and an upgrade', 400, 'GET / HTTP/1.1', ...handshake],
    ['two hosts, and an upgrade', 400, 'GET / HTTP/1.1', 'Host: a', 'Host: b', ...handshake],
    ['two lengths', 400, 'GET / HTTP/1.1', 'Host: a', 'Content-Length: 1', 'Content-Length: 2'],
    [
      'a length that is none',
      400,
      'GET / HTTP/1.1',
      'Host: a',
      'Content-Length: 1',
      'Transfer-Encoding: chunked',
    ],
    ['a version to come', 505, 'GET / HTTP/3.0', 'Host: a'],
    ["HTTP/2's first words", 505, 'PRI * HTTP/2.0', '', 'SM'],
    ['a check of the whole server', 405, 'OPTIONS * HTTP/1.1', 'Host: a', 'Connection: close'],
    ['a wish for a tunnel', 405, 'CONNECT a:80 HTTP/1.1', 'Host: a'],
  ] as const) {
    it(`is answered ${status} with ${what}`, async (t) => {
      const { host, listener } = await open(t, 'ws', files);
      const end = status === 200 && lines[0].endsWith('1.1') ? ['Connection: close', '', ''] : ['', ''];
      const { headers, ...answer } = await exchange(listener.context.url, [...lines, ...end].join('\r\n'));
      assert.equal(answer.status, status);
      assert.equal(headers.connection, 'close');
      if (status === 405) assert.equal(headers.allow, 'GET, HEAD');
      assert.equal(host.clients.length, 0);
    });
  }

  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
    for (const options of [files, {}]) {
      it(`may not be ${method}${'static' in options ? '' : ', without files either'}`, async (t) => {
        const { listener } = await open(t, 'ws', options);
        const { status, headers } = await exchange(listener.context.url, ask('/ten.txt', [], method));
        assert.deepEqual([status, headers.allow], [405, 'GET, HEAD']);
      });
    }
  }

  it('is told of the protocol that the port has, and so is its proxy', async (t) => {
    const { listener } = await open(t, 'ws');
    const { status, headers } = await exchange(listener.context.url, ask('/'));
    assert.deepEqual([status, headers.upgrade], [426, 'websocket']);
    assert.match(headers.connection, /Upgrade, close/);
  });

  it('may offer another protocol, and gets its file in this one', async (t) => {
    const { listener } = await open(t, 'ws', files);
    const offer = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'];
    for (const [target, length] of [
      ['/ten.txt', 10],
      ['/big.bin', BIG],
    ] as const) {
      const request = [`GET ${target} HTTP/1.1`, 'Host: localhost', ...offer, '', ''].join('\r\n');
      const { status, headers, body } = await exchange(listener.context.url, request);
      assert.deepEqual([status, headers.connection, body.length], [200, 'close', length]);
    }
  });

  it('for a websocket may name the whole target', async (t) => {
    const { host, listener } = await open(t, 'ws');
    for (const [target, url] of [
      ['/chat?room=1', '/chat?room=1'],
      ['http://localhost/chat?room=2', '/chat?room=2'],
      ['ws://localhost?room=3', '/?room=3'],
    ]) {
      const socket = await dial(listener.context.url);
      t.after(() => socket.destroy());
      socket.write([`GET ${target} HTTP/1.1`, 'Host: localhost', ...handshake, '', ''].join('\r\n'));
      await host.until('the client', () => host.handshakes.at(-1)?.url === url);
    }
  });

  describe('that is too long', () => {
    for (const [what, request] of [
      ['a header', ask('/ten.txt', [line(17_000)])],
      [
        'many headers',
        ask(
          '/ten.txt',
          Array.from({ length: 200 }, () => line(100)),
        ),
      ],
      ['a target', ask(`/${'a'.repeat(17_000)}`)],
      [
        'far too many headers',
        ask(
          '/ten.txt',
          Array.from({ length: 1_000 }, () => line(5_000)),
        ),
      ],
      ['headers without an end', ask('/ten.txt', [line(100_000)]).slice(0, 50_000)],
      ['a handshake', ['GET / HTTP/1.1', 'Host: a', ...handshake, line(17_000), '', ''].join('\r\n')],
    ]) {
      it(`is answered 431: ${what}`, async (t) => {
        const { host, listener } = await open(t, 'ws', files);
        const { status, headers, body } = await exchange(listener.context.url, request);
        assert.deepEqual([status, headers.connection], [431, 'close']);
        assert.match(body, /16384 bytes .*maxHeaderSize/);
        assert.deepEqual(
          host.refusals.map(({ kind }) => kind),
          ['http 431'],
        );
        assert.equal((await exchange(listener.context.url, ask('/ten.txt'))).status, 200);
      });
    }

    it('depends on maxHeaderSize', async (t) => {
      const { listener } = await open(t, 'ws', { ...files, maxHeaderSize: 40_000 });
      assert.equal((await exchange(listener.context.url, ask('/ten.txt', [line(39_000)]))).status, 200);
      assert.equal((await exchange(listener.context.url, ask('/ten.txt', [line(41_000)]))).status, 431);
    });

    it('counts bytes, not headers: none is left out', async (t) => {
      const { listener } = await open(t, 'ws', { ...files, maxHeaderSize: 100_000 });
      const fields = [...Array.from({ length: 3_000 }, () => 'X: y'), 'Range: bytes=0-0'];
      assert.equal((await exchange(listener.context.url, ask('/ten.txt', fields))).status, 206);
    });
  });

  it('that comes slowly is cut after 10 seconds, with a word', { timeout: 15_000 }, async (t) => {
    const { listener } = await open(t, 'ws', files);
    const began = performance.now();
    const [begun, silent] = await Promise.all([
      exchange(listener.context.url, 'GET /ten.txt HTTP/1.1\r\nHost: loc'),
      dial(listener.context.url).then(rest),
    ]);
    const seconds = (performance.now() - began) / 1_000;
    assert.deepEqual([begun.status, begun.headers.connection, silent.length], [408, 'close', 0]);
    assert.ok(seconds > 9.5 && seconds < 12, `${seconds} s`);
  });
});

describe('a file that cannot be opened', { timeout: 20_000 }, () => {
  for (const [code, status] of [
    ['EACCES', 403],
    ['EPERM', 403],
    ['EMFILE', 503],
    ['ENFILE', 503],
    ['EIO', 500],
    ['ENOENT', 404],
    ['ENXIO', 404],
  ] as const) {
    it(`is answered ${status}: ${code}`, async (t) => {
      const { host, listener } = await open(t, 'ws', files);
      const opening = mock.method(fs.promises, 'open', () => {
        return Promise.reject(Object.assign(new Error(`${code}: a fault`), { code }));
      });
      syncBuiltinESMExports();
      t.after(() => {
        opening.mock.restore();
        syncBuiltinESMExports();
      });
      assert.equal((await exchange(listener.context.url, ask('/ten.txt'))).status, status);
      const expected = status === 404 ? [] : [[`static ${code}`, `${code}: a fault`]];
      assert.deepEqual(
        host.refusals.map(({ kind, message }) => [kind, message]),
        expected,
      );
      opening.mock.restore();
      syncBuiltinESMExports();
      assert.equal((await exchange(listener.context.url, ask('/ten.txt'))).status, 200);
    });
  }
});

describe('a file that is being sent', { timeout: 20_000 }, () => {
  it('is read no faster than the client reads it', async (t) => {
    const { listener } = await open(t, 'ws', files);
    const sockets = await Promise.all(Array.from({ length: 10 }, () => dial(listener.context.url)));
    const start = process.memoryUsage().arrayBuffers;
    for (const socket of sockets) socket.write(ask('/big.bin'));
    let most = 0;
    for (let turn = 0; turn < 50; turn++) {
      await exchange(listener.context.url, ask('/ten.txt'));
      most = Math.max(most, process.memoryUsage().arrayBuffers - start);
    }
    assert.ok(most < 4 * BIG, `${most} bytes for 10 clients`);
    for (const socket of sockets) assert.equal(answerIn(await rest(socket)).body.length, BIG);
  });

  it('may go away', async (t) => {
    const { listener } = await open(t, 'ws', files);
    const path = join(root, 'leaving.bin');
    await writeFile(path, '');
    await truncate(path, BIG);
    const socket = await dial(listener.context.url);
    socket.write(ask('/leaving.bin'));
    await exchange(listener.context.url, ask('/ten.txt'));
    await rm(path);
    assert.equal((await rest(socket)).length > BIG, true);
    assert.equal((await exchange(listener.context.url, ask('/leaving.bin'))).status, 404);
  });

  it('may become longer, which the next one sees', async (t) => {
    const { listener } = await open(t, 'ws', files);
    const path = join(root, 'growing.bin');
    await writeFile(path, '');
    await truncate(path, BIG);
    const socket = await dial(listener.context.url);
    socket.write(ask('/growing.bin'));
    await new Promise((resolve) => socket.once('readable', resolve));
    await truncate(path, BIG + 1);
    assert.equal(answerIn(await rest(socket)).body.length, BIG);
    assert.equal((await exchange(listener.context.url, ask('/growing.bin'))).body.length, BIG + 1);
  });

  it('may become shorter, which ends the connection', async (t) => {
    const { listener } = await open(t, 'ws', files);
    const path = join(root, 'shrinking.bin');
    await writeFile(path, '');
    await truncate(path, BIG);
    const socket = await dial(listener.context.url);
    const stay = 'Host: localhost\r\n\r\n';
    socket.write(`GET /shrinking.bin HTTP/1.1\r\n${stay}GET /healthz HTTP/1.1\r\n${stay}`);
    await new Promise((resolve) => socket.once('readable', resolve));
    await truncate(path, 0);
    const bytes = await rest(socket);
    assert.match(bytes.toString('latin1', 0, 1_000), new RegExp(`Content-Length: ${BIG}`));
    assert.ok(bytes.length < BIG);
    assert.ok(!bytes.includes('"status"'), 'the next answer would be taken for the rest of the file');
  });

  it('is closed after every answer', { skip: !existsSync('/proc/self/fd') }, async (t) => {
    const { listener } = await open(t, 'ws', files);
    for (const method of ['GET', 'HEAD']) {
      for (const path of ['/', '/sub', '/sub/', '/ten.txt/', '/empty.txt', '/missing', '/up/', '/ten.txt']) {
        for (const field of [
          'X: y',
          'Range: bytes=1-1',
          'Range: bytes=99-',
          'If-None-Match: *',
          'If-Match: "a"',
        ]) {
          await exchange(listener.context.url, ask(path, [field], method));
        }
      }
    }
    while ((await openFiles()).length > 0) await setImmediate();
  });
});

/** Which of our files this process has open. */
async function openFiles(): Promise<string[]> {
  const targets = (await readdir('/proc/self/fd')).map((fd) =>
    readlink(`/proc/self/fd/${fd}`).catch(() => ''),
  );
  return (await Promise.all(targets)).filter((target) => target.startsWith(root));
}
