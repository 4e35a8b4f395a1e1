import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { Command, Flag, WorkerState, commandName } from '#src/wire/command.js';
import type { Frame } from '#src/wire/frame.js';
import { ENDED_FEATURE, NODE_FEATURE, ROUTE_FEATURE } from '#src/wire/worker-connect.js';
import { InnerScene } from '../../support/inner-scene.js';
import type { RawPeer } from '../../support/raw-peer.js';

const OURS = [NODE_FEATURE, ROUTE_FEATURE];
const BUFFER = 65_536;

function message(to: object, body: string | Buffer = '1', flags = 0): Partial<Frame> {
  return {
    command: Command.SEND_TO_WORKER,
    flags: Flag.PLAIN_BODY | flags,
    ext: JSON.stringify(to),
    body,
  };
}

async function next(peer: RawPeer): Promise<string> {
  const frame = await peer.nextFrame();
  const bytes = (frame.flags & Flag.BINARY) === 0 ? '' : ' bytes';
  return `${commandName(frame.command)} from ${frame.extText() || 'nobody'}: ${frame.bodyText()}${bytes}`;
}

describe('the inner port: messages from worker to worker', () => {
  let scene: InnerScene;
  let worker: RawPeer;
  let client: RawPeer;

  beforeEach(async (t) => {
    scene = await InnerScene.create(t as never, {
      secretKey: 'open',
      gateway: { sendToWorkerBufferSize: BUFFER },
    });
    worker = await scene.nodeWorker('node-b:0', WorkerState.READY, OURS);
    client = await scene.client();
  });

  /** The lines of the log that say that something was dropped; as many are counted. */
  async function dropped(): Promise<string[]> {
    await client.settled();
    return scene.log.filter(({ msg }) => msg.includes('is dropped')).map(({ msg }) => msg);
  }

  it('are brought to the one that is named, or owns the key, with the sender’s name', async () => {
    client.send(message({ worker: 'node-b:0' }));
    assert.equal(await next(worker), 'ON_WORKER_MESSAGE from nobody: 1');
    const other = await scene.nodeWorker('node-c:0', WorkerState.READY, OURS);
    other.send(message({ worker: 'node-b:0' }, Buffer.from('2'), Flag.BINARY));
    assert.equal(await next(worker), 'ON_WORKER_MESSAGE from node-c:0: 2 bytes');
    worker.send(message({ worker: 'node-b:0' }, '3'));
    assert.equal(await next(worker), 'ON_WORKER_MESSAGE from node-b:0: 3');
    for (const scope of ['cluster', undefined]) {
      for (let key = 0; key < 20; key++) client.send(message({ key: `${key}`, scope }));
      client.send(message({ worker: 'node-b:0' }, 'end'), message({ worker: 'node-c:0' }, 'end'));
      const counts = [0, 0];
      for (const [n, peer] of [worker, other].entries()) {
        while ((await next(peer)) !== 'ON_WORKER_MESSAGE from nobody: end') counts[n]++;
      }
      assert.equal(counts[0] + counts[1], 20);
      assert.ok(counts[0] > 0 && counts[1] > 0);
    }
    assert.deepEqual(await dropped(), []);
    assert.deepEqual(scene.refusals, {});
  });

  it('are dropped for who is not there, leaves, or knows no such thing', async () => {
    const php = await scene.phpWorker('php:0');
    const old = await scene.nodeWorker('old:0', WorkerState.READY, [NODE_FEATURE, ENDED_FEATURE]);
    const leaving = await scene.nodeWorker('node-c:0', WorkerState.READY | WorkerState.LEAVING, OURS);
    for (const name of ['nobody:0', 'php:0', 'old:0', 'node-c:0', '']) client.send(message({ worker: name }));
    const [first] = await dropped();
    assert.match(first, /"nobody:0" is dropped: .* Expected one of node-b:0: a worker that leaves/);
    assert.equal(scene.gateway.counters.workerMessagesDropped, 5);
    await scene.say(worker, WorkerState.LEAVING);
    client.send(message({ key: 'tea' }));
    const [, owner] = await dropped();
    assert.match(owner, /that owns the key "tea" is dropped: no worker owns any/);
    for (const peer of [php, old]) {
      await peer.settled();
      assert.equal(peer.unread, 0);
    }
    assert.ok(leaving.unread <= 1, 'but for the word that it leaves');
  });

  it('are dropped for one that is behind, when another buffer of them has gone to it', async () => {
    await scene.say(worker, WorkerState.READY | WorkerState.CONGESTED);
    const body = JSON.stringify('x'.repeat(BUFFER / 4));
    for (let n = 0; n < 6; n++) client.send(message({ worker: 'node-b:0' }, body));
    const [line] = await dropped();
    assert.match(line, /the worker node-b:0 is dropped: \d+ bytes wait for it, more than twice .* \(65536\)/);
    assert.equal(scene.gateway.counters.workerMessagesDropped, 2);
    await scene.say(worker, WorkerState.READY);
    client.send(message({ worker: 'node-b:0' }, 'again'));
    assert.equal(await next(worker), 'ON_WORKER_MESSAGE from nobody: again');
    assert.equal(scene.gateway.counters.workerMessagesDropped, 2);
  });

  it('that make no sense are refused, and PHP’s workers send none', async () => {
    client.send(
      { ...message({}), ext: 'no JSON' },
      message({}),
      message({ key: 7 }),
      message({ worker: null }),
    );
    client.send(message({ worker: 'node-b:0' }, 'after them'));
    assert.equal(await next(worker), 'ON_WORKER_MESSAGE from nobody: after them');
    assert.equal(scene.refusals.command, 4);
    const php = await scene.phpWorker('php:0');
    php.send(message({ worker: 'node-b:0' }));
    await php.settled();
    assert.equal(scene.refusals.command, 5);
    assert.equal(worker.unread, 0);
  });
});
