import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { GatewayScene } from '../support/gateway-scene.js';

/** A port number that is free on every address. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '0.0.0.0');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  server.close();
  await once(server, 'close');
  return address.port;
}

async function join(t: TestContext, host: string, port: number): Promise<Socket> {
  const socket = connect(port, host);
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  socket.write('hello\n');
  return socket;
}

describe('listeners of one port number', { timeout: 20_000 }, () => {
  it('have each its own heartbeat and its own count of clients', async (t) => {
    const port = await freePort();
    const scene = await GatewayScene.create(t, {
      pingInterval: 10,
      pingNotResponseLimit: 1,
      udpIdleTimeout: 3600,
      listen: [
        { url: `text://127.0.0.1:${port}` },
        { url: `text://127.0.0.2:${port}`, heartbeat: false },
        { url: `udp://127.0.0.1:${port}`, heartbeat: false },
      ],
    });
    const { gateway } = scene;
    const worker = scene.addWorker();
    const [watched, typing] = [await join(t, '127.0.0.1', port), await join(t, '127.0.0.2', port)];
    const udp = createSocket('udp4');
    t.after(() => udp.close());
    udp.send('hello', port, '127.0.0.1');
    const said = (): number => worker.events.filter((event) => event.endsWith('hello')).length;
    await worker.until('all three', () => said() === 3);
    const counts = (): number[] => gateway.listenerContexts.map(({ connections }) => connections);
    assert.deepEqual(counts(), [1, 1, 1]);

    const ended = once(watched, 'close');
    scene.clock.advance(60_000);
    await ended;
    await worker.until('its end', () => worker.events.some((event) => event.startsWith('ON_CLOSE')));
    assert.deepEqual(counts(), [0, 1, 1]);
    assert.equal(typing.destroyed, false);
  });
});
