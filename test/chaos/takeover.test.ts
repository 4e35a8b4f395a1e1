import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { ChaosBoard } from '../support/chaos-board.js';
import { openGate } from '../support/chaos-gate.js';
import { ChaosNode, type ChaosNodeOptions } from '../support/chaos-node.js';
import { WsClient } from '../support/ws-client.js';

interface Scene {
  readonly chaos: ChaosNode;
  readonly ann: WsClient;
  readonly bob: WsClient;
}

async function scene(t: TestContext, worker: ChaosNodeOptions['worker'] = {}): Promise<Scene> {
  const chaos = await ChaosNode.start({
    events: 'takeover',
    worker: { count: 1, stopTimeout: 20, ...worker },
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
  const [said, thread] = String(await client.next()).split(' ');
  assert.equal(said, word);
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
    assert.equal(ann.waiting, 0);
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
    const line = await chaos.logged('events that a thread had begun are not done');
    assert.match(line.msg, /^1 events .*: onMessage of [0-9a-f]{20}$/);
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
    const clients = [ann, ...(await Promise.all(Array.from({ length: 5 }, () => WsClient.connect(chaos.url))))];
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
    const stopping = chaos.node.stop(false);
    assert.equal((await ann.closed).code, 1001);
    assert.equal((await bob.closed).code, 1001);
    openGate();
    await stopping;
    assert.equal(board.closes, 2);
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
    assert.equal(ann.waiting, 0);
  });

  it('a stop: every onClose runs', async (t) => {
    const board = ChaosBoard.create(0, 0);
    const { chaos } = await scene(t);
    const clients = await Promise.all(Array.from({ length: 50 }, () => WsClient.connect(chaos.url)));
    await threadOf(clients[0]);
    const reloading = chaos.node.reload(false).catch((error: unknown) => error);
    for (const client of clients) for (let n = 0; n < 100; n++) client.send(`${n}`);
    await chaos.node.stop(false);
    await reloading;
    assert.equal(board.closes, 52);
  });
});
