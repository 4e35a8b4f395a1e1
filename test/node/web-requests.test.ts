import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { bootNode } from '#src/testing/index.js';
import { eventually } from '../support/eventually.js';
import { fixture } from '../support/fixtures.js';
import { sendAndEnd, sendAndWait } from '../support/half-client.js';
import { SplitNode } from '../support/split-node.js';
import { WsClient } from '../support/ws-client.js';

/** A port whose workers have an onRequest, wherever they run. */
interface Door {
  readonly url: string;
  /** Of a listener with `static`. */
  readonly site: string;
  readonly log: ReadonlyArray<{ readonly msg: string }>;
  reload(): Promise<void>;
  stop(): Promise<void>;
}

const MiB = 1024 * 1024;

const folder = await mkdtemp(join(tmpdir(), 'web-requests-'));
await mkdir(join(folder, 'docs'));
await writeFile(join(folder, 'page.html'), 'a file');
await writeFile(join(folder, 'docs', 'index.html'), 'an index');
await writeFile(join(folder, '.secret'), 'secret');
after(() => rm(folder, { recursive: true }));

const gateway = {
  listen: [{ url: 'ws://127.0.0.1:0' }, { url: 'ws://127.0.0.1:0', static: folder }],
  maxPackageSize: 2 * MiB,
};

const DOORS: Readonly<Record<string, () => Promise<Door>>> = {
  async 'threads of the same node'() {
    const events = fixture('events/request');
    const node = await bootNode({ config: { gateway, worker: { count: 2, events } } });
    const [url, site] = node.urls.map(http);
    return { url, site, log: node.log, reload: () => node.reload(), stop: () => node.close() };
  },
  async 'workers of another node'() {
    const node = await SplitNode.start({ events: 'request', gateway });
    const { log, pool } = node;
    const [url, site] = node.gateways[0].gateway.listeners.map(http);
    return { url, site, log, reload: () => pool.reload(10_000), stop: () => node.stop() };
  },
};

function http(url: string): string {
  return url.replace(/^ws/, 'http');
}

/** What comes back for these bytes, until the server closes. */
async function raw(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(bytes, 'latin1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

function post(body: string, more = ''): string {
  return `POST /show HTTP/1.1\r\nHost: a.example\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function chunked(size: number): RequestInit {
  const body = new Blob([Buffer.alloc(size)]).stream();
  return { method: 'POST', body, duplex: 'half' } as RequestInit;
}

async function answered(response: Response): Promise<[number, string]> {
  return [response.status, await response.text()];
}

for (const [where, open] of Object.entries(DOORS)) {
  describe(`onRequest, asked of ${where}`, { timeout: 60_000 }, () => {
    let door: Door;
    before(async () => {
      door = await open();
    });
    after(async () => await door.stop());

    async function get(path: string, init?: RequestInit): Promise<[number, string]> {
      return await answered(await fetch(door.url + path, init));
    }

    async function site(path: string, init?: RequestInit): Promise<[number, string]> {
      return await answered(await fetch(door.site + path, init));
    }

    async function logged(words: RegExp): Promise<void> {
      await eventually(async () =>
        assert.ok(
          door.log.some(({ msg }) => words.test(msg)),
          words.source,
        ),
      );
    }

    it('is given the whole request', async () => {
      const path = '/show?a=1&a=%20';
      const [status, body] = await get(path, {
        method: 'PUT',
        body: 'h\u00e9llo',
        headers: { 'X-Own': 'yes', Cookie: 'sid=abc' },
      });
      const { headers, ...rest } = JSON.parse(body) as { headers: [string, string][] };
      const own = Object.fromEntries(headers);
      assert.equal(status, 200);
      assert.deepEqual([own['x-own'], own.cookie, own['content-length']], ['yes', 'sid=abc', '6']);
      assert.deepEqual(rest, {
        method: 'PUT',
        url: door.url + path,
        body: 'h\u00e9llo',
        remoteAddress: '127.0.0.1',
      });
    });

    for (const method of ['GET', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'PURGE']) {
      it(`answers ${method}`, async () => {
        const [status, body] = await get('/show', { method });
        assert.deepEqual([status, (JSON.parse(body) as { method: string }).method], [200, method]);
      });
    }

    it('takes bodies up to maxPackageSize, and answers 413 beyond', async () => {
      for (const size of [0, 1, MiB, 2 * MiB]) {
        assert.deepEqual(await get('/length', { method: 'POST', body: Buffer.alloc(size) }), [
          200,
          String(size),
        ]);
      }
      const [status, body] = await get('/length', { method: 'POST', body: Buffer.alloc(2 * MiB + 1) });
      assert.deepEqual(
        [status, body],
        [413, `Expected a body of at most ${2 * MiB} bytes (maxPackageSize).\n`],
      );
    });

    it('takes chunked bodies, and bounds them too', async () => {
      assert.deepEqual(await get('/length', chunked(MiB)), [200, String(MiB)]);
      assert.equal((await get('/length', chunked(3 * MiB)))[0], 413);
    });

    it('answers with bodies up to maxPackageSize, and 500 beyond', async () => {
      const { status, headers, ...response } = await fetch(`${door.url}/bytes?value=${2 * MiB}`).then(
        async (answer) => ({
          status: answer.status,
          headers: answer.headers,
          length: (await answer.arrayBuffer()).byteLength,
        }),
      );
      assert.deepEqual(
        [status, headers.get('content-length'), response.length],
        [200, String(2 * MiB), 2 * MiB],
      );
      assert.deepEqual(await get(`/bytes?value=${2 * MiB + 1}`), [500, 'Internal Server Error\n']);
      await logged(/a Response of more than 2097152 bytes; expected at most maxPackageSize/);
    });

    it('answers with a stream’s whole body, and with words of its own', async () => {
      assert.deepEqual(await get('/stream'), [200, 'one two three']);
      const response = await fetch(`${door.url}/status?value=418`);
      assert.deepEqual(
        [response.status, response.statusText, await response.text()],
        [418, 'Own Words', 'as it is'],
      );
      assert.deepEqual(await get('/none'), [404, 'Not Found\n']);
    });

    it('sends each Set-Cookie, and header values that are no ASCII', async () => {
      const response = await fetch(`${door.url}/cookies`);
      assert.equal(response.status, 204);
      assert.deepEqual(response.headers.getSetCookie(), ['a=b; Path=/', 'c=d']);
      assert.equal(response.headers.get('x-accent'), 'caf\u00e9');
      assert.equal(response.headers.get('content-length'), null);
    });

    it('frames answers itself', async () => {
      const agent = new Agent({ keepAlive: true });
      const asked = httpRequest(`${door.url}/framing`, { agent }).end();
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      assert.equal(await text(response), 'five!');
      const {
        connection,
        upgrade,
        'content-length': length,
        'transfer-encoding': encoding,
      } = response.headers;
      assert.deepEqual([connection, upgrade, length, encoding], ['keep-alive', undefined, '5', undefined]);
      agent.destroy();
    });

    it('answers HEAD with the head alone', async () => {
      const response = await fetch(`${door.url}/show`, { method: 'HEAD' });
      assert.ok(Number(response.headers.get('content-length')) > 50);
      assert.deepEqual(await answered(response), [200, '']);
      const own = await fetch(`${door.url}/head`, { method: 'HEAD' });
      assert.equal(own.headers.get('content-length'), '7');
    });

    it('ends a connection whose request breaks off in its body, or goes on with what is no chunk', async () => {
      const head = 'POST /show HTTP/1.1\r\nHost: a\r\n';
      const broken = await sendAndEnd(door.url, `${head}Content-Length: 100\r\n\r\nabc`);
      assert.match(broken.toString(), /^HTTP\/1\.1 400 /);
      const wrong = await sendAndWait(
        door.url,
        `${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nxyz\r\n`,
      );
      assert.match(wrong.toString(), /^HTTP\/1\.1 400 /);
    });

    it('answers two requests of one write in their order, and keeps the connection', async () => {
      const all = await raw(door.url, post('first') + post('second', 'Connection: close\r\n'));
      const bodies = [...all.matchAll(/"url":"([^"]+)".*?"body":"(\w+)"/g)].map(([, url, body]) => [
        url,
        body,
      ]);
      assert.deepEqual(bodies, [
        ['http://a.example/show', 'first'],
        ['http://a.example/show', 'second'],
      ]);
    });

    it('goes on with 100 where a client expects that', async () => {
      const all = await raw(
        door.url,
        'POST /length HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc',
      );
      assert.match(all, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n3$/);
    });

    it('refuses with a Refused', async () => {
      const response = await fetch(`${door.url}/refuse`);
      assert.equal(response.headers.get('www-authenticate'), 'Bearer');
      assert.deepEqual(await answered(response), [401, 'Who are you?\n']);
    });

    for (const [path, complaint] of [
      ['/throw', /^onRequest failed: the password is 1234$/],
      ['/broken', /^onRequest failed: the stream broke$/],
      ['/text', /onRequest returned "no Response"; expected a Response, or nothing for 404/],
      ['/error', /onRequest returned Response\.error\(\)/],
      ['/control', /a Response whose header x-bad has control characters/],
      ['/used', /a Response whose body was read already/],
    ] as const) {
      it(`answers 500 to ${path}, without a word of why; the log has it`, async () => {
        assert.deepEqual(await get(path), [500, 'Internal Server Error\n']);
        await logged(complaint);
      });
    }

    it('answers 503 when its thread dies, and the next request', async () => {
      assert.deepEqual(await get('/exit'), [503, 'The server could not answer: try again.\n']);
      assert.equal((await get('/show'))[0], 200);
    });

    it('forgets a client that hangs up', async () => {
      const socket = await WsClient.connect(door.url.replace('http', 'ws'));
      const gone = new AbortController();
      const hanging = assert.rejects(get('/hold?value=gone', { signal: gone.signal }), {
        name: 'AbortError',
      });
      assert.equal(await socket.next(), 'held gone');
      gone.abort();
      await hanging;
      assert.equal((await get('/show'))[0], 200);
      socket.send('go');
      assert.equal(await socket.next(), 'bound');
      await socket.close();
    });

    it('loses none in a reload: the old code goes on with those that it has begun', async () => {
      const values = Array.from({ length: 30 }, (_, index) => `${index}`);
      const socket = await WsClient.connect(door.url.replace('http', 'ws'));
      const asking = values.map(async (value) => await get(`/hold?value=${value}`));
      const begun: unknown[] = [];
      while (begun.length < values.length) begun.push(await socket.next());
      const reloaded = door.reload();
      const during = await get('/show');
      await reloaded;
      socket.send('go');
      assert.deepEqual(
        await Promise.all(asking),
        values.map((value) => [200, `held ${value}`]),
      );
      assert.equal(during[0], 200);
      await socket.close();
    });

    it('comes behind the health check and static files', async () => {
      assert.deepEqual(await get('/healthz'), [200, '{"status":"ok"}']);
      assert.deepEqual(await site('/page.html'), [200, 'a file']);
      assert.deepEqual(await site('/docs'), [200, 'an index']);
      assert.deepEqual(await site('/none'), [404, 'Not Found\n']);
      assert.deepEqual(await site('/page.html', { method: 'POST' }), [404, 'not found: /page.html']);
      assert.deepEqual(await site('/.secret'), [404, 'not found: /.secret']);
      assert.equal((await site('/show'))[0], 200);
    });

    it('gives way to no trick with paths, hosts or methods', async () => {
      const ask = async (line: string, host = 'a'): Promise<string> =>
        await raw(door.site, `${line} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      assert.match(await ask('GET /..%2f..%2fetc/passwd'), /404 Not Found[^]*not found: \/\.\.%2f/);
      assert.match(await ask('GET //evil.example/x'), /404 Not Found[^]*not found: \/\/evil\.example\/x$/);
      assert.match(await ask('GET http://other.example/show'), /"url":"http:\/\/a\/show"/);
      assert.match(await ask('OPTIONS *'), /^HTTP\/1\.1 400 /);
      assert.match(await ask('TRACE /show'), /^HTTP\/1\.1 400 /);
      assert.match(await ask('GET /show', 'a:99999'), /^HTTP\/1\.1 400 /);
      assert.match(await ask('GET /show', 'a@b'), /^HTTP\/1\.1 400 /);
      assert.match(await raw(door.url, 'GET /show HTTP/1.0\r\n\r\n'), /"url":"http:\/\/localhost:\d+\/show"/);
    });

    it('leaves websockets as they are', async () => {
      const socket = await WsClient.connect(door.url.replace('http', 'ws'));
      socket.send('ann');
      assert.equal(await socket.next(), 'bound');
      await socket.close();
    });
  });
}

describe('without onRequest', { timeout: 20_000 }, () => {
  it('plain HTTP is answered as ever', async () => {
    const node = await bootNode({
      config: { gateway, worker: { count: 1, events: fixture('events/echo') } },
    });
    try {
      const [url, site] = node.urls.map(http);
      assert.equal((await fetch(url)).status, 426);
      assert.equal((await fetch(url, { method: 'POST', body: 'a' })).status, 405);
      assert.equal((await fetch(`${site}/none`)).status, 404);
      assert.equal((await fetch(`${site}/page.html`, { method: 'POST' })).status, 405);
    } finally {
      await node.close();
    }
  });
});
