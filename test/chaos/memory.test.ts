import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { ChaosBoard } from '../support/chaos-board.js';
import { ChaosNode } from '../support/chaos-node.js';
import { turn } from '../support/gateway-scene.js';
import { answer } from '../support/takeover-answer.js';
import { WsClient } from '../support/ws-client.js';

const MEGABYTE = 1_000_000;
const LIMIT = 100 * MEGABYTE;
/** What each `grow` keeps: see test/fixtures/events/takeover. */
const GROWTH = 10 * MEGABYTE;

async function scene(t: TestContext): Promise<{ chaos: ChaosNode; ann: WsClient; bob: WsClient }> {
  const chaos = await ChaosNode.start({ events: 'takeover', worker: { count: 1, maxMemory: LIMIT } });
  t.after(() => chaos.stop());
  return { chaos, ann: await WsClient.connect(chaos.url), bob: await WsClient.connect(chaos.url) };
}

/** Makes its worker take more than it may. */
function grow(client: WsClient): void {
  for (let size = 0; size <= LIMIT; size += GROWTH) client.send('grow');
}

describe('a worker that takes more than maxMemory', () => {
  it('is replaced, again and again, and nobody notices', async (t) => {
    const { chaos, ann, bob } = await scene(t);
    const threads = new Set<string>();
    for (let round = 0; round < 3; round++) {
      grow(ann);
      await chaos.logged('more than maxMemory; it is replaced');
      for (let size = 0; size <= LIMIT; size += GROWTH) assert.equal((await answer(ann))[0], 'grow');
      const grown = chaos.node.status().workers[0].thread;
      threads.add(String(grown));
      for (let n = 0; ; n++) {
        bob.send(`${n}`);
        const [number, thread] = await answer(bob);
        assert.equal(number, `${n}`);
        if (!threads.has(thread)) break;
      }
    }
    assert.equal(threads.size, 3);
    assert.equal(chaos.deaths, 0);
    assert.equal(chaos.node.status().workers[0].lost, 0);
    assert.ok(chaos.node.status().workers[0].memory.external < LIMIT);
  });

  it('and a reload at the same time: the one thread that serves afterwards is the reload’s', async (t) => {
    const board = ChaosBoard.create(0, 0);
    const { chaos, ann, bob } = await scene(t);
    grow(ann);
    await chaos.logged('more than maxMemory; it is replaced');
    // the old thread cannot give its events away before both new ones want them
    ann.send('block');
    const reloading = chaos.node.reload(false);
    const started = [String(await bob.next()), String(await bob.next())];
    for (let n = 0; n < 10; n++) await turn();
    board.unblock();
    await reloading;
    for (let size = 0; size <= LIMIT; size += GROWTH) assert.equal((await answer(ann))[0], 'grow');
    assert.equal((await answer(ann))[0], 'block');
    const threads = new Set<string>();
    for (let n = 0; n < 100; n++) {
      for (const client of [ann, bob]) {
        client.send(`${n}`);
        const [number, thread] = await answer(client);
        assert.equal(number, `${n}`);
        threads.add(thread);
      }
    }
    // the reload's thread was made last
    const last = Math.max(...started.map((line) => Number(line.replace('started ', ''))));
    assert.deepEqual([...threads], [`${last}`]);
    assert.equal(ann.waiting + bob.waiting, 0);
    assert.equal(chaos.deaths, 0);
  });
});
