import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Socket } from 'socket.io-client';
import { fixture } from '../support/fixtures.js';
import { PollingClient } from '../support/polling-client.js';
import { connectSocketIo, nextEvent, upgraded } from '../support/socket-io-client.js';
import { App, groupConfig, LIMIT, NODES } from './app.js';

/** Each request of a client that polls may reach any process, and one of them has its session. */
describe('clients of Socket.IO at nodes that share the port', {
  timeout: 10 * LIMIT,
  skip: process.platform === 'win32',
}, () => {
  let app: App;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    app = await App.create();
    const config = {
      ...groupConfig(),
      gateway: { listen: [{ url: 'ws://127.0.0.1:0', socketIo: true }], lanPort: 0 },
      worker: { count: 1, events: fixture('events/socket-io') },
    };
    await app.write('gatewayworker.config.json', JSON.stringify(config));
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.disconnect();
    await app.close();
  });

  it('poll, and go over to websockets, in whichever process their sessions are', async () => {
    await app.start('--nodes', String(NODES));
    const url = await app.up();
    for (const transports of [['polling'], ['polling', 'websocket']]) {
      const clients = await Promise.all(
        Array.from({ length: 2 * NODES }, async () => await connectSocketIo(url, { transports })),
      );
      sockets.push(...clients);
      // a client's id begins with the address of its gateway
      assert.equal(new Set(clients.map(({ id = '' }) => id.slice(0, 12))).size, NODES);
      if (transports.length > 1) await Promise.all(clients.map(upgraded));
      const sums = clients.map(
        async (client, index) => (await client.emitWithAck('add', { a: index, b: 1 })) as number,
      );
      assert.deepEqual(
        await Promise.all(sums),
        clients.map((_, index) => index + 1),
      );
      const bytes = Buffer.alloc(100_000, 7);
      const file = nextEvent(clients[0], 'file');
      assert.deepEqual(await clients[0].emitWithAck('file', { name: 'a', bytes }), { name: 'a', bytes });
      await file;
    }
    // one whose process is no more
    const orphan = new PollingClient(url.replace(/^ws:(.*)$/, 'http:$1/socket.io/'));
    orphan.sid = '999.unknown';
    assert.equal((await orphan.get()).status, 400);
    assert.equal((await orphan.post('4')).status, 400);
  });
});
