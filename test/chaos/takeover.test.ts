import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { ChaosBoard } from '../support/chaos-board.js';
import { endThread, openGate } from '../support/chaos-gate.js';
import { ChaosNode, type ChaosNodeOptions } from '../support/chaos-node.js';
import { LIMIT } from '../support/inbox.js';
import { turn } from '../support/gateway-scene.js';
import { WsClient } from '../support/ws-client.js';

interface Scene {
  readonly chaos: ChaosNode;
  readonly ann: WsClient;
  readonly bob: WsClient;
}

async function scene(t: TestContext, worker: ChaosNodeOptions['worker'] = {}): Promise<Scene> {
  const chaos = await ChaosNode.start({
    events: 'takeover',
    gateway: { sendToClientBufferSize: 100_000_000 },
    worker: { count: 1, stopTimeout: 20, sendToGatewayBufferSize: 100_000_000, ...worker },
  });
  t.after(async () => {
    openGate();
    await chaos.stop();
  });
  const ann = await WsClient.connect(chaos.url);
  const bob = await WsClient.connect(chaos.url);
  return { chaos, ann, bob };
}

/** Sends `who`, and tells which thread answers. */
async function threadOf(client: WsClient): Promise<number> {
  client.send('who');
  return await answered(client, 'who');
}

/** The next answer is to this word; returns the thread that gave it. */
async function answered(client: WsClient, word: string): Promise<number> {
  for (;;) {
    const [said, thread] = String(await client.next()).split(' ');
    if (said === 'started') continue;
    assert.equal(said, word);
    return Number(thread);
  }
}

/** A thread has said from its onWorkerStart that it is there, and the pool has gone on with it. */
async function started(client: WsClient): Promise<number> {
  const [said, thread] = String(await client.next()).split(' ');
  assert.equal(said, 'started');
  for (let n = 0; n < 10; n++) await turn();
  return Number(thread);
}

describe('a reload while a handler is pending', () => {
  it('only that client waits for the old thread; its next events are the new one’s', async (t) => {
    const { chaos, ann, bob } = await scene(t);
    const old = await threadOf(bob);
    ann.send('hold');
    ann.send('first');
    bob.send('seen');
    await answered(bob, 'seen');
    await chaos.node.reload(false);
    ann.send('second');
    const fresh = await threadOf(bob);
    assert.notEqual(fresh, old);
    openGate();
    assert.equal(await answered(ann, 'hold'), old);
    assert.equal(await answered(ann, 'first'), fresh);
    assert.equal(await answered(ann, 'second'), fresh);
    assert.equal(chaos.node.status().workers[0].lost, 0);
  });

  it('longer than stopTimeout: it is given up, counted and named, and the client goes on with the new thread', async (t) => {
    const { chaos, ann, bob } = await scene(t, { stopTimeout: 0.2 });
    const old = await threadOf(bob);
    ann.send('hold');
    ann.send('next');
    assert.equal(await threadOf(bob), old);
    await chaos.node.reload(false);
    const line = await chaos.logged('that a thread had begun');
    assert.match(line.msg, /^1 event that a thread had begun is not done: onMessage of [0-9a-f]{20}$/);
    assert.equal(line.lost, 1);
    assert.equal(await answered(ann, 'next'), await threadOf(bob));
    assert.equal(chaos.node.status().workers[0].lost, 1);
    assert.equal(chaos.deaths, 0);
  });

  it('and then another one, and another one: its events are handed on from thread to thread, in order', async (t) => {
    const { chaos, ann, bob } = await scene(t);
    const threads = [await threadOf(bob)];
    ann.send('hold');
    for (let n = 0; n < 4; n++) {
      ann.send(`${n}`);
      threads.push(await threadOf(bob));
      await chaos.node.reload(true);
    }
    const last = await threadOf(bob);
    openGate();
    assert.equal(await answered(ann, 'hold'), threads[0]);
    for (let n = 0; n < 4; n++) assert.equal(await answered(ann, `${n}`), last);
    assert.equal(new Set([...threads, last]).size, 5);
  });

  it('a worker that dies meanwhile is replaced at once, however many old threads are still busy', async (t) => {
    const { chaos, ann, bob } = await scene(t);
    const clients = [
      ann,
      ...(await Promise.all(Array.from({ length: 5 }, () => WsClient.connect(chaos.url)))),
    ];
    for (const client of clients) {
      client.send('hold');
      await threadOf(bob);
      await chaos.node.reload(true);
    }
    bob.send('exit');
    await threadOf(bob);
    openGate();
    for (const client of clients) await answered(client, 'hold');
  });

  it('the old thread dies: what it had begun is lost, and its client’s next events are the new one’s', async (t) => {
    const { chaos, ann, bob } = await scene(t);
    await threadOf(bob);
    ann.send('die');
    ann.send('next');
    await threadOf(bob);
    await chaos.node.reload(false);
    const fresh = await threadOf(bob);
    openGate();
    assert.equal(await answered(ann, 'next'), fresh);
    assert.equal(await threadOf(bob), fresh);
    assert.equal(chaos.node.status().workers[0].lost, 1);
  });

  it('a stop: the new thread waits for the old one, and every onClose runs', async (t) => {
    const board = ChaosBoard.create(0, 0);
    const { chaos, ann, bob } = await scene(t);
    ann.send('hold');
    await threadOf(bob);
    await chaos.node.reload(false);
    await chaos.node.gateway?.close(LIMIT);
    const stopping = chaos.node.stop(false);
    // the one whose handler is not pending: a worker that does not wait has nothing left to do
    await board.closed(1);
    const stopped = stopping.then(() => board.closes);
    openGate();
    assert.equal(await stopped, 2);
  });
});

describe('reloads and what happens at the same time', () => {
  it('two at once: one after the other', async (t) => {
    const { chaos, ann } = await scene(t);
    const old = await threadOf(ann);
    await Promise.all([chaos.node.reload(false), chaos.node.reload(false)]);
    assert.notEqual(await threadOf(ann), old);
    assert.equal(chaos.node.status().reloads, 2);
  });

  it('the serving thread dies: the one that takes over is the only one that serves', async (t) => {
    const { chaos, ann, bob } = await scene(t);
    for (let round = 0; round < 5; round++) {
      const reloading = chaos.node.reload(false);
      bob.send('exit');
      for (let n = 0; n < 50; n++) ann.send(`${n}`);
      await reloading;
      for (let n = 0; n < 50; n++) await answered(ann, `${n}`);
      await threadOf(bob);
    }
  });

  it('a stop, before the old thread has given the events away: every onClose runs', async (t) => {
    const board = ChaosBoard.create(0, 0);
    const { chaos, ann, bob } = await scene(t);
    await threadOf(ann);
    ann.send('block');
    const reloading = chaos.node.reload(false);
    await started(bob);
    await chaos.node.gateway?.close(LIMIT);
    const stopping = chaos.node.stop(false);
    await turn();
    board.unblock();
    await Promise.all([stopping, reloading]);
    assert.equal(board.closes, 2);
  });

  it('the old thread has more to send than the ring holds: that comes before what the new one sends', async (t) => {
    const board = ChaosBoard.create(0, 0);
    const { chaos, ann, bob } = await scene(t);
    await threadOf(ann);
    ann.send('pile');
    const reloading = chaos.node.reload(false);
    await started(bob);
    board.unblock();
    await reloading;
    ann.send('after');
    for (let n = 0; n < 40; n++) await answered(ann, `pile${n}`);
    await answered(ann, 'pile');
    assert.equal(await answered(ann, 'after'), await threadOf(bob));
  });

  it('the new thread dies before it is given the events: the reload fails, and another one of the old code is', async (t) => {
    const board = ChaosBoard.create(0, 0);
    const { chaos, ann, bob } = await scene(t);
    const old = await threadOf(ann);
    ann.send('block');
    for (let n = 0; n < 10; n++) ann.send(`${n}`);
    const reloading = chaos.node.reload(false);
    await endThread(await started(bob));
    board.unblock();
    await assert.rejects(reloading, { code: 'GW_WORKER_DIED' });
    assert.equal(await answered(ann, 'block'), old);
    for (let n = 0; n < 10; n++) await answered(ann, `${n}`);
    assert.notEqual(await threadOf(ann), old);
    assert.equal(await threadOf(bob), await threadOf(ann));
  });
});
