import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Command } from '#src/wire/command.js';
import { GatewayScene, turn } from '../support/gateway-scene.js';
import { TextClient } from '../support/text-client.js';
import { WsClient } from '../support/ws-client.js';

/** A gateway with a worker, and ports whose clients have 10, 4 and any number of seconds to say who they are. */
async function start(t: TestContext) {
  const scene = await GatewayScene.create(t, {
    pingInterval: 0,
    listen: [
      { url: 'ws://127.0.0.1:0', authTimeout: 10 },
      { url: 'text://127.0.0.1:0', authTimeout: 4 },
      { url: 'text://127.0.0.1:0' },
    ],
  });
  const worker = scene.addWorker();
  const [ws, text, patient] = scene.gateway.listeners;
  /** The connection id of the client that comes next. */
  const next = async <Client>(connect: () => Promise<Client>): Promise<[Client, number]> => {
    const known = new Set(Array.from(scene.gateway.directory.clients(), ({ id }) => id));
    const client = await connect();
    const isNew = (): number | undefined =>
      [...scene.gateway.directory.clients()].find(({ id }) => !known.has(id))?.id;
    await worker.until('the client', () => isNew() !== undefined);
    return [client, isNew() as number];
  };
  return { scene, worker, ws, text, patient, next };
}

describe('authTimeout', { timeout: 20_000 }, () => {
  it('closes those who have no uid in time, each by the time of its own port', async (t) => {
    const { scene, worker, ws, text, patient, next } = await start(t);
    const [unknown] = await next(() => WsClient.connect(ws));
    const [known, id] = await next(() => WsClient.connect(ws));
    const [line] = await next(() => TextClient.connect(text));
    await next(() => TextClient.connect(patient));
    worker.send({ command: Command.BIND_UID, connectionId: id, ext: 'Ann' });
    await turn();

    scene.clock.advance(3_999);
    assert.equal(scene.gateway.directory.size, 4);
    scene.clock.advance(1);
    await line.closed;
    await worker.until('its end', () => scene.gateway.directory.size === 3);
    scene.clock.advance(2_000);
    const [later] = await next(() => WsClient.connect(ws));
    scene.clock.advance(3_999);
    assert.equal(scene.gateway.directory.size, 4);
    scene.clock.advance(1);
    assert.deepEqual(await unknown.closed, { code: 1008, reason: 'no uid in time' });
    scene.clock.advance(5_999);
    assert.equal(later.socket.readyState, later.socket.OPEN);
    scene.clock.advance(1);
    assert.equal((await later.closed).code, 1008);

    scene.clock.advance(100_000);
    assert.equal(known.socket.readyState, known.socket.OPEN);
    assert.equal(scene.gateway.counters.refusals.get('auth timeout'), 3);
    // the one with a uid, and the one who needs none
    await worker.until('the ends', () => scene.gateway.directory.size === 2);
  });

  it('has nothing to do with those who have gone, nor with those who came with a uid', async (t) => {
    const { scene, worker, ws, next } = await start(t);
    const [gone] = await next(() => WsClient.connect(ws));
    await gone.close();
    await worker.until('its end', () => scene.gateway.directory.size === 0);
    scene.clock.advance(60_000);
    assert.equal(scene.gateway.counters.refusals.size, 0);
  });
});
