import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, describe, it } from 'node:test';
import { Command } from '#src/wire/command.js';
import type { ClientEnd } from '#src/wire/client-end.js';
import type { GatewayConfig } from '#src/config/schema.js';
import { type FakeWorker, GatewayScene } from '../support/gateway-scene.js';
import { WsClient } from '../support/ws-client.js';

/** A gateway with real ports, whose worker hears how clients leave. */
async function open(
  t: TestContext,
  scheme: 'ws' | 'text',
  settings: Partial<GatewayConfig> = {},
): Promise<{
  scene: GatewayScene;
  worker: FakeWorker;
  url: string;
  port: number;
  end: () => Promise<ClientEnd>;
}> {
  const scene = await GatewayScene.create(t, { listen: [{ url: `${scheme}://127.0.0.1:0` }], ...settings });
  const worker = scene.addWorker();
  worker.answersEnds = true;
  const [url] = scene.gateway.listeners;
  const end = async (): Promise<ClientEnd> => {
    await worker.until('its end', () => worker.ends.length > 0);
    return worker.ends[0];
  };
  return { scene, worker, url, port: Number(new URL(url).port), end };
}

/** The one client that is there. */
async function idOf({ scene, worker }: { scene: GatewayScene; worker: FakeWorker }): Promise<number> {
  await worker.until('a client', () => worker.events.some((event) => event.startsWith('ON_CONNECT')));
  return [...scene.gateway.directory.clients()][0].id;
}

describe('how a client left', () => {
  it('says the code and reason of a client that closes, and its groups', async (t) => {
    const { worker, url, end } = await open(t, 'ws');
    const client = await WsClient.connect(url);
    await worker.until('it', () => worker.events.length === 2);
    const id = Number(worker.events[0].split(' ')[1]);
    worker.send({ command: Command.JOIN_GROUP, connectionId: id, ext: 'red' });
    worker.send({ command: Command.JOIN_GROUP, connectionId: id, ext: 'größe "1"' });
    client.socket.close(4001, 'tschüss');
    assert.deepEqual(await end(), {
      by: 'client',
      code: 4001,
      reason: 'tschüss',
      groups: ['red', 'größe "1"'],
    });
  });

  it('says 1005 for a close frame without a code, 1006 for none, and that a connection broke', async (t) => {
    const { worker, url } = await open(t, 'ws');
    (await WsClient.connect(url)).socket.close();
    (await WsClient.connect(url)).socket.terminate();
    const socket = await upgraded(url);
    socket.resetAndDestroy();
    await worker.until('three ends', () => worker.ends.length === 3);
    assert.deepEqual(worker.ends.map(({ by, code }) => `${by} ${code}`).toSorted(), [
      'client 1005',
      'client 1006',
      'error 1006',
    ]);
  });

  it('says what the server closed with, whatever the client answers', async (t) => {
    const setup = await open(t, 'ws');
    const client = await WsClient.connect(setup.url);
    const connectionId = await idOf(setup);
    setup.worker.send({
      command: Command.KICK,
      connectionId,
      ext: JSON.stringify({ code: 4403, reason: 'banned' }),
      body: 'bye',
    });
    assert.equal(await client.next(), 'bye');
    assert.deepEqual(await client.closed, { code: 4403, reason: 'banned' });
    assert.deepEqual(await setup.end(), { by: 'server', code: 4403, reason: 'banned', groups: [] });
  });

  it('says 1006 by the server for a client that is dropped', async (t) => {
    const setup = await open(t, 'ws');
    await WsClient.connect(setup.url);
    setup.worker.send({ command: Command.DESTROY, connectionId: await idOf(setup) });
    assert.deepEqual(await setup.end(), { by: 'server', code: 1006, reason: '', groups: [] });
  });

  it('skips a close that names a code which may not be sent', async (t) => {
    const setup = await open(t, 'ws');
    const client = await WsClient.connect(setup.url);
    const connectionId = await idOf(setup);
    for (const code of [1005, 1006, 2999, 5000, '4000', null]) {
      setup.worker.send({
        command: Command.KICK,
        connectionId,
        ext: JSON.stringify({ code, reason: '' }),
        body: '',
      });
    }
    setup.worker.send({ command: Command.SEND_TO_ONE, connectionId, body: 'still here' });
    assert.equal(await client.next(), 'still here');
    await client.close();
  });

  it('tells what is too much from what is forbidden', async (t) => {
    const { worker, url } = await open(t, 'ws', { maxPackageSize: 1000 });
    const long = await WsClient.connect(url);
    long.send('x'.repeat(1001));
    await long.closed;
    const socket = await upgraded(url);
    socket.write(Buffer.from([0x83, 0x80, 0, 0, 0, 0]));
    await worker.until('two ends', () => worker.ends.length === 2);
    assert.deepEqual(
      worker.ends.map(({ by, code }) => ({ by, code })),
      [
        { by: 'limit', code: 1009 },
        { by: 'error', code: 1002 },
      ],
    );
  });

  it('names the heartbeat and the stop', async (t) => {
    const { scene, worker, url } = await open(t, 'ws', { pingInterval: 10, pingNotResponseLimit: 1 });
    const silent = await upgraded(url);
    const id = await idOf({ scene, worker });
    while (scene.gateway.directory.get(id) !== undefined) {
      scene.clock.advance(5000);
      await new Promise((resolve) => void setImmediate(resolve));
    }
    silent.destroy();
    await WsClient.connect(url);
    await worker.until('another', () => scene.gateway.directory.size === 1);
    await scene.gateway.clients.close();
    await worker.until('its end', () => worker.ends.length === 2);
    assert.deepEqual(
      worker.ends.map(({ by, code }) => ({ by, code })),
      [
        { by: 'heartbeat', code: 1006 },
        { by: 'node', code: 1001 },
      ],
    );
  });

  it('names the one that takes less than it is sent', async (t) => {
    const { scene, worker, url, end } = await open(t, 'ws', { sendToClientBufferSize: 1000 });
    const client = await upgraded(url);
    client.pause();
    const id = await idOf({ scene, worker });
    const body = Buffer.alloc(1_000_000);
    while (worker.ends.length === 0) {
      worker.send({ command: Command.SEND_TO_ONE, connectionId: id, body });
      await new Promise((resolve) => void setImmediate(resolve));
    }
    assert.deepEqual(await end(), { by: 'slow', code: 1006, reason: '', groups: [] });
    client.destroy();
  });

  it('has no codes for other protocols', async (t) => {
    const { worker, scene, port } = await open(t, 'text', { maxPackageSize: 1000 });
    const leaver = connect(port, '127.0.0.1');
    leaver.end();
    await worker.until('its end', () => worker.ends.length === 1);
    const long = connect(port, '127.0.0.1');
    long.write('x'.repeat(2000));
    await worker.until('its end', () => worker.ends.length === 2);
    const kicked = connect(port, '127.0.0.1');
    await worker.until('it', () => scene.gateway.directory.size === 1);
    const [{ id }] = scene.gateway.directory.clients();
    worker.send({ command: Command.KICK, connectionId: id, ext: '{"code":4000,"reason":"x"}', body: '' });
    kicked.resume();
    await worker.until('its end', () => worker.ends.length === 3);
    assert.deepEqual(
      worker.ends.map(({ by, code, reason }) => `${by} ${code}${reason}`),
      ['client 0', 'limit 0', 'server 0'],
    );
    for (const socket of [leaver, long, kicked]) socket.destroy();
  });
});

/** A websocket whose client answers nothing by itself. */
async function upgraded(url: string): Promise<ReturnType<typeof connect>> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(
    'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  await once(socket, 'data');
  return socket;
}
