import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChaosBoard } from '../support/chaos-board.js';
import type { MessageKind } from '../support/chaos-client.js';
import { ChaosLoad } from '../support/chaos-load.js';
import { SplitNode } from '../support/split-node.js';

/** CHAOS_SECONDS=20 is the long form. */
const SECONDS = Number(process.env.CHAOS_SECONDS ?? 8);
const CLIENTS = 200;
const RATE = 20;
const WAYS: readonly MessageKind[] = ['exit', 'uncaught', 'loop', 'exit-later'];
const WORK: readonly MessageKind[] = ['sync', 'async', 'sync', 'query', 'fail', 'async', 'reject'];

describe('workers whose clients are all at the gateway of another node', () => {
  it(`reloaded every second for ${SECONDS} s under ${CLIENTS * RATE} messages/s: nothing is lost, doubled or reordered`, async (t) => {
    const split = await SplitNode.start();
    t.after(() => split.stop());
    const { url } = split;
    const load = await ChaosLoad.connect({
      url,
      clients: CLIENTS,
      rate: RATE,
      exact: true,
      kind: () => 'async',
    });
    t.after(() => load.close());
    load.start();
    const reloads: Promise<void>[] = [];
    for (let second = 0; second < SECONDS; second++) {
      await sleep(1000);
      reloads.push(split.pool.reload(2000));
    }
    await Promise.all(reloads);
    await load.stop();

    const { sent, ...faults } = load.summary;
    t.diagnostic(
      `${SECONDS} reloads, ${sent} messages; p50 ${load.latency(0.5).toFixed(1)} ms, p99 ${load.latency(0.99).toFixed(1)} ms, max ${load.latency(1).toFixed(1)} ms`,
    );
    assert.deepEqual(faults, { lost: 0, doubled: 0, reordered: 0, damaged: 0, disconnected: 0 });
    assert.ok(sent > CLIENTS * RATE * SECONDS * 0.8, `${sent} messages were sent`);
    // each of two new threads greets every client from onWorkerStart
    for (const { greetings } of load.clients) assert.equal(greetings, SECONDS * 2);
    assert.deepEqual(
      split.log.filter(({ level }) => level >= 40),
      [],
    );
  });

  it(`killed every second for ${SECONDS} s under ${CLIENTS * RATE} messages/s: only what a handler had begun with is lost`, async (t) => {
    const board = ChaosBoard.create(CLIENTS, RATE * SECONDS * 4);
    const split = await SplitNode.start({ worker: { processTimeout: 1 } });
    t.after(() => split.stop());
    let next = 0;
    const load = await ChaosLoad.connect({
      url: split.url,
      clients: CLIENTS,
      rate: RATE,
      kind: () => WORK[next++ % WORK.length],
    });
    t.after(() => load.close());
    load.start();
    for (let kill = 0; kill < SECONDS; kill++) {
      load.clients[(kill * 37) % CLIENTS].send(WAYS[kill % WAYS.length]);
      await Promise.all([split.logged(' died: '), sleep(1000)]);
    }
    await load.stop();

    const { cutOff, muted } = load.check(board);
    const { sent, lost, ...faults } = load.summary;
    t.diagnostic(`${SECONDS} kills, ${sent} messages; ${lost} lost, ${cutOff} begun and not done`);
    assert.deepEqual(faults, { doubled: 0, reordered: 0, damaged: 0, disconnected: 0 });
    assert.equal(muted, 0, 'what finished handlers sent was delivered');
    assert.ok(lost >= SECONDS, 'each kill costs at least the message that killed');
    assert.ok(lost <= cutOff, `${lost} messages are lost, ${cutOff} were begun and not done`);
    assert.ok(sent > CLIENTS * RATE * SECONDS * 0.8, `${sent} messages were sent`);
    assert.equal(split.deaths, SECONDS);
    assert.ok(split.lost >= cutOff, `the node counts ${split.lost} lost events, ${cutOff} were`);
  });
});
