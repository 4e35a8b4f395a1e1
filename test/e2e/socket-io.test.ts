/** The official clients of Socket.IO against a node: that for Node here, and the bundle for browsers in Chromium. */
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { Socket } from 'socket.io-client';
import { launchBrowser } from '../support/browser.js';
import { LIMIT } from '../support/inbox.js';
import { NodeProcess } from '../support/node.js';
import { connectSocketIo, nextEvent, upgraded } from '../support/socket-io-client.js';

const require = createRequire(import.meta.url);
const SOCKET_IO = { namespaces: ['/', '/admin'] };

async function start(listener: object = {}): Promise<NodeProcess> {
  return await NodeProcess.start({
    events: 'socket-io',
    gateway: { listen: [{ url: 'ws://127.0.0.1:0', socketIo: SOCKET_IO, ...listener }] },
  });
}

async function reload(node: NodeProcess): Promise<void> {
  node.signal('SIGUSR2');
  await node.logged('reloaded');
}

describe('a client of Socket.IO', { timeout: 120_000 }, () => {
  let node: NodeProcess;
  let url: string;
  let sockets: Socket[] = [];
  before(async () => {
    node = await start();
    url = node.url('ws');
  });
  after(async () => await node.stop());
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.disconnect();
  });

  async function connect(...given: Parameters<typeof connectSocketIo>): Promise<Socket> {
    const socket = await connectSocketIo(...given);
    sockets.push(socket);
    return socket;
  }

  for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
    it(`comes in by ${transports.join(' and ')}, sends, is sent to and answered`, async () => {
      const socket = await connect(url, { transports, auth: { uid: 'ann', token: 'right' } });
      const auth = { uid: 'ann', token: 'right' };
      assert.deepEqual(await socket.emitWithAck('who'), { id: socket.id, uid: 'ann', namespace: '/', auth });
      const said = nextEvent(socket, 'said');
      socket.emit('say', { text: 'häöß€😀' });
      assert.deepEqual(await said, [{ text: 'häöß€😀', from: 'ann' }]);
      assert.equal(await socket.emitWithAck('add', { a: 1, b: 2 }), 3);
      assert.deepEqual(await socket.emitWithAck('several', 1, [2], { three: 3 }), [1, [2], { three: 3 }]);
      assert.equal(await socket.emitWithAck('nothing'), undefined);
      assert.deepEqual(await socket.emitWithAck('refuse'), {
        error: { code: 'taken', message: 'Somebody else has this name' },
      });
      const file = nextEvent(socket, 'file');
      const sent = { name: 'a', bytes: Buffer.from([1, 2, 3]) };
      assert.deepEqual(await socket.emitWithAck('file', sent), sent);
      assert.deepEqual(await file, [{ name: 'a', bytes: Buffer.from([3, 2, 1]) }]);
      socket.on('question', (question: { of: number }, answer: (value: unknown) => void) =>
        answer([question.of]),
      );
      const [thread] = (await socket.emitWithAck('ask')) as [number];
      assert.equal(thread, await socket.emitWithAck('thread'));
      if (transports.length > 1) {
        await upgraded(socket);
        assert.equal(await socket.emitWithAck('add', { a: 1, b: 2 }), 3);
      }
    });
  }

  it('is told what does not fit, and that there is no such event', async () => {
    const socket = await connect(url, { transports: ['websocket'] });
    const [error, unnamed] = [nextEvent(socket, 'error'), nextEvent(socket, 'message')];
    socket.emit('say', { text: 7 });
    const [told] = (await error) as [Record<string, unknown>];
    assert.deepEqual([told.code, told.path, told.event], ['GW_MESSAGE', '/text', 'say']);
    const answered = (await socket.emitWithAck('add', { a: 1 })) as { error: { code: string } };
    assert.equal(answered.error.code, 'GW_MESSAGE');
    socket.emit('whatever', 1);
    assert.deepEqual(await unnamed, ['without a name: {"event":"whatever","data":1}']);
  });

  it('comes into several namespaces over one connection, each of which is a client', async () => {
    const main = await connect(url, { forceNew: false, auth: { uid: 'main' } });
    const admin = await connect(`${url}/admin`, { forceNew: false, auth: { uid: 'boss' } });
    assert.equal(main.io, admin.io);
    assert.notEqual(main.id, admin.id);
    const said = nextEvent(admin, 'said');
    const wrong: unknown[] = [];
    main.on('said', (value: unknown) => wrong.push(value));
    admin.emit('say', { text: 'to admins' });
    assert.deepEqual(await said, [{ text: 'to admins', from: 'boss' }]);
    admin.disconnect();
    assert.equal(await main.emitWithAck('add', { a: 2, b: 2 }), 4);
    assert.deepEqual(wrong, []);
  });

  it('is refused by onHandshake, and where there is no such namespace', async () => {
    await assert.rejects(connect(url, { auth: { token: 'wrong' } }), {
      message: 'Wrong token',
      data: { status: 401 },
    });
    await assert.rejects(connect(`${url}/none`), { message: 'Invalid namespace' });
  });

  it('is closed by the server, and stays away', async () => {
    const socket = await connect(url);
    const left = nextEvent(socket, 'disconnect');
    socket.emit('leave');
    assert.deepEqual((await left)[0], 'io server disconnect');
  });

  it('does not notice a reload, whatever it is doing', async () => {
    const clients: Socket[] = [];
    for (const transports of [['polling'], ['websocket']]) clients.push(await connect(url, { transports }));
    const ids = clients.map(({ id }) => id);
    const lost: unknown[] = [];
    for (const client of clients) client.on('disconnect', (reason: unknown) => lost.push(reason));
    const load = { running: true };
    // one after the other, so that each is answered in its turn
    const counted = clients.map(async (client) => {
      let count = 0;
      while (load.running)
        assert.equal(await client.timeout(LIMIT).emitWithAck('add', { a: count++, b: 1 }), count);
      return count;
    });
    const pending = clients.map(
      async (client) => (await client.timeout(LIMIT).emitWithAck('later', 300)) as number,
    );
    await reload(node);
    await reload(node);
    load.running = false;
    assert.ok((await Promise.all(counted)).every((count) => count > 1));
    assert.deepEqual(await Promise.all(pending), [300, 300]);
    assert.deepEqual([lost, clients.map(({ id }) => id)], [[], ids]);
  });

  it('of version 2 is refused, and the log says why', async () => {
    const client2 = require('socket.io-client-2') as {
      connect(
        url: string,
        options: object,
      ): { once(event: string, listener: (error: Error) => void): void; close(): void };
    };
    const old = client2.connect(url.replace(/^ws/, 'http'), { reconnection: false });
    const error = await new Promise<Error>((resolve) => old.once('connect_error', resolve));
    old.close();
    assert.match(error.message, /xhr poll error/);
    const { msg } = await node.logged('another version of Socket.IO');
    assert.match(msg, /expected 3 or 4 \(EIO=4\)/);
  });
});

describe('the bundle for browsers', { timeout: 120_000 }, () => {
  let browser: Browser;
  let folder: string;
  before(async () => {
    browser = await launchBrowser();
    folder = await mkdtemp(join(tmpdir(), 'gatewayworker-socket-io-'));
    const bundle = join(dirname(require.resolve('socket.io-client/package.json')), 'dist/socket.io.min.js');
    await copyFile(bundle, join(folder, 'socket.io.min.js'));
    await writeFile(join(folder, 'index.html'), PAGE);
  });
  after(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  it('begins with polling, goes over to a websocket, notices no reload, and is back after the death of its node', async (t) => {
    const first = await start({ static: folder });
    // whether or not it comes as far as its death
    t.after(() => first.kill());
    const url = first.url('ws');
    const page = await browser.newPage();
    await page.goto(url.replace(/^ws/, 'http'));
    await state(page, 'connected', 1);
    await page.waitForFunction('transports.length === 2', undefined, { timeout: LIMIT });
    assert.deepEqual(await page.evaluate('transports'), ['polling', 'websocket']);
    assert.equal(await page.evaluate('ask("add", { a: 1, b: 2 })'), 3);
    assert.deepEqual(await page.evaluate('bytes([1, 2, 3])'), [3, 2, 1]);
    await reload(first);
    assert.equal(await page.evaluate('ask("add", { a: 2, b: 2 })'), 4);
    await state(page, 'connected', 1);
    await first.kill();
    await state(page, 'away', 1);
    const second = await start({ static: folder, url });
    try {
      await state(page, 'connected', 2);
      assert.equal(await page.evaluate('ask("add", { a: 3, b: 3 })'), 6);
    } finally {
      await page.close();
      await second.stop();
    }
  });
});

/** Resolves when the page says that it is so, for so many times. */
async function state(page: Page, name: string, count: number): Promise<void> {
  await page.waitForFunction(`counts.${name} === ${count}`, undefined, { timeout: LIMIT });
}

/** What the page says is in its variables. */
const PAGE = `<!doctype html><title>Socket.IO</title><script src="socket.io.min.js"></script><script>
const counts = { connected: 0, away: 0 };
const transports = [];
const socket = io({ reconnectionDelay: 100, reconnectionDelayMax: 200 });
socket.io.once('open', () => {
  const { engine } = socket.io;
  transports.push(engine.transport.name);
  engine.once('upgrade', () => transports.push(engine.transport.name));
});
socket.on('connect', () => counts.connected++);
socket.on('disconnect', () => counts.away++);
const ask = (event, data) => socket.emitWithAck(event, data);
const bytes = async (list) => {
  const came = new Promise((resolve) => socket.once('file', resolve));
  socket.emit('file', { name: 'a', bytes: new Uint8Array(list) });
  return [...new Uint8Array((await came).bytes)];
};
</script>`;
