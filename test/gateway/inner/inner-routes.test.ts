import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Command, Flag, WorkerState, commandName } from '#src/wire/command.js';
import { emptyFrame, encodeFrame } from '#src/wire/frame.js';
import { ENDED_FEATURE, NODE_FEATURE, ROUTE_FEATURE } from '#src/wire/worker-connect.js';
import { InnerScene } from '../../support/inner-scene.js';
import type { RawPeer } from '../../support/raw-peer.js';
import { ownerOf } from '../../support/rooms-client.js';

/** The next frames, without the connection id: `ON_MESSAGE hello`. */
async function events(peer: RawPeer, count: number): Promise<string[]> {
  const seen: string[] = [];
  for (let n = 0; n < count; n++) {
    const frame = await peer.nextFrame();
    seen.push(`${commandName(frame.command)} ${frame.bodyText()}`.trimEnd());
  }
  return seen;
}

function routing(connectionId: number): {
  command: number;
  connectionId: number;
  flags: number;
  ext: string;
} {
  return { command: Command.ROUTE_CLIENT, connectionId, flags: Flag.PLAIN_BODY, ext: 'room' };
}

describe('the inner port: clients with keys', () => {
  for (const [whose, join] of [
    ['PHP’s worker', async (scene: InnerScene) => await scene.phpWorker()],
    [
      'a worker of an older version',
      async (scene: InnerScene) => await scene.nodeWorker('old:0', undefined, [NODE_FEATURE, ENDED_FEATURE]),
    ],
  ] as const) {
    it(`a client of ${whose}, which knows of none, is the owner’s at once`, async (t) => {
      const scene = await InnerScene.create(t);
      const old = await join(scene);
      const { id, transport } = scene.join();
      assert.deepEqual(await events(old, 1), ['ON_CONNECT']);
      const caller = await scene.client();
      // nobody can own it
      caller.send(routing(id));
      await caller.settled();
      scene.message(transport, 'stays');
      assert.deepEqual(await events(old, 1), ['ON_MESSAGE stays']);
      assert.equal(scene.log.filter(({ msg }) => msg.includes('no worker can own a key')).length, 1);
      // and now somebody can
      const ours = await scene.nodeWorker('node-b:0', undefined, [NODE_FEATURE, ROUTE_FEATURE]);
      scene.message(transport, 'moves');
      assert.deepEqual(await events(ours, 1), ['ON_MESSAGE moves']);
      await old.settled();
      assert.equal(old.unread, 0);
      assert.deepEqual(scene.refusals, {});
    });
  }

  it('a GatewayClient gives a client a key; nobody answers it', async (t) => {
    const scene = await InnerScene.create(t, { secretKey: 'open' });
    const first = await scene.nodeWorker('node-b:0', undefined, [NODE_FEATURE, ROUTE_FEATURE]);
    const { id, transport } = scene.join();
    assert.deepEqual(await events(first, 1), ['ON_CONNECT']);
    const caller = await scene.client();
    caller.send({ ...routing(id), flags: Flag.PLAIN_BODY | Flag.OWN });
    await caller.settled();
    scene.message(transport, '1');
    assert.deepEqual(await events(first, 1), ['ON_MESSAGE 1']);
    const second = await scene.nodeWorker('node-c:0', undefined, [NODE_FEATURE, ROUTE_FEATURE]);
    const names = ['node-b:0', 'node-c:0'];
    const ext = Array.from({ length: 20 }, (_, n) => `room-${n}`).find(
      (key) => ownerOf(key, names) === names[1],
    );
    caller.send({ ...routing(id), ext });
    assert.deepEqual(await events(first, 1), ['CLIENT_ROUTED']);
    scene.message(transport, '2');
    first.send({ command: Command.CLIENT_MOVED, connectionId: id });
    assert.deepEqual(await events(second, 1), ['ON_MESSAGE 2']);
    await first.settled();
    assert.equal(first.unread, 0);
    assert.deepEqual(scene.refusals, {});
  });

  it('what no worker may say of keys is skipped, and no client waits for ever for one that does', async (t) => {
    const scene = await InnerScene.create(t);
    const features = [NODE_FEATURE, ROUTE_FEATURE];
    const names = ['node-b:0', 'node-c:0'];
    const [worker, other] = [
      await scene.nodeWorker(names[0], undefined, features),
      await scene.nodeWorker(names[1], WorkerState.CONGESTED, features),
    ];
    const { id, transport } = scene.join();
    worker.send(
      { command: Command.ROUTE_CLIENT, connectionId: id, ext: '' },
      { command: Command.ROUTE_CLIENT, connectionId: id, ext: Buffer.from([0xff]) },
      { command: Command.CLIENT_MOVED, connectionId: id, body: 'never asked' },
    );
    const client = await scene.client();
    client.send({ command: Command.CLIENT_MOVED, connectionId: id });
    await client.settled();
    scene.message(transport, 'all the same');
    assert.deepEqual(await events(worker, 2), ['ON_CONNECT', 'ON_MESSAGE all the same']);
    assert.equal(scene.refusals.command, 3);
    await scene.say(other, WorkerState.READY);
    const bodies = ['no frames', 'x', Buffer.alloc(28, 0), encodeFrame(emptyFrame()).subarray(0, 27)];
    let [from, to] = [worker, other];
    for (const [n, body] of bodies.entries()) {
      const owner = from === worker ? names[1] : names[0];
      const ext = Array.from({ length: 20 }, (_, m) => `room-${m}`).find(
        (key) => ownerOf(key, names) === owner,
      );
      from.send({ ...routing(id), ext });
      assert.deepEqual(await events(from, 1), ['CLIENT_ROUTED']);
      scene.message(transport, String(n));
      from.send({ command: Command.CLIENT_MOVED, connectionId: id, body });
      assert.deepEqual(await events(to, 1), [`ON_MESSAGE ${n}`]);
      [from, to] = [to, from];
    }
    assert.equal(scene.refusals.command, 3 + bodies.length);
  });
});
