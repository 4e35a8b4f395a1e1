import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { ChaosNode } from '../support/chaos-node.js';
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

async function answer(client: WsClient): Promise<string[]> {
  for (;;) {
    const words = String(await client.next()).split(' ');
    if (words[0] !== 'started') return words;
  }
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

  it('is replaced once when a reload comes at the same time, and by the new code', async (t) => {
    const { chaos, ann, bob } = await scene(t);
    grow(ann);
    await chaos.logged('more than maxMemory; it is replaced');
    await chaos.node.reload(false);
    for (let n = 0; n < 100; n++) {
      ann.send(`${n}`);
      bob.send(`${n}`);
    }
    for (let size = 0; size <= LIMIT; size += GROWTH) assert.equal((await answer(ann))[0], 'grow');
    const threads = new Set<string>();
    for (let n = 0; n < 100; n++) {
      for (const client of [ann, bob]) {
        const [number, thread] = await answer(client);
        assert.equal(number, `${n}`);
        threads.add(thread);
      }
    }
    assert.equal(threads.size, 1, 'one thread serves');
    assert.equal(chaos.deaths, 0);
  });
});
