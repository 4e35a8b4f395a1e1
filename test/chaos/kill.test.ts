import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChaosBoard } from '../support/chaos-board.js';
import type { MessageKind } from '../support/chaos-client.js';
import { ChaosLoad } from '../support/chaos-load.js';
import { ChaosNode } from '../support/chaos-node.js';

/** CHAOS_SECONDS=20 is the long form. */
const SECONDS = Number(process.env.CHAOS_SECONDS ?? 8);
const CLIENTS = 200;
const RATE = 20;
const WAYS: readonly MessageKind[] = ['exit', 'uncaught', 'loop', 'exit-later'];
const WORK: readonly MessageKind[] = ['sync', 'async', 'sync', 'query', 'fail', 'async', 'reject'];

describe('workers killed under load', () => {
  it(`every second for ${SECONDS} s under ${CLIENTS * RATE} messages/s: only what a handler had begun with is lost`, async (t) => {
    const board = ChaosBoard.create(CLIENTS, RATE * SECONDS * 4);
    const chaos = await ChaosNode.start({ worker: { processTimeout: 1 } });
    t.after(() => chaos.stop());
    let next = 0;
    const load = await ChaosLoad.connect({
      url: chaos.url,
      clients: CLIENTS,
      rate: RATE,
      kind: () => WORK[next++ % WORK.length],
    });
    t.after(() => load.close());
    load.start();
    for (let kill = 0; kill < SECONDS; kill++) {
      load.clients[(kill * 37) % CLIENTS].send(WAYS[kill % WAYS.length]);
      await Promise.all([chaos.logged(' died: '), sleep(1000)]);
    }
    await load.stop();

    const { cutOff, muted } = load.check(board);
    const { summary } = load;
    t.diagnostic(
      `${SECONDS} kills, ${summary.sent} messages; ${summary.lost} lost, ${cutOff} begun and not done`,
    );
    const { sent, lost, ...faults } = summary;
    assert.deepEqual(faults, { doubled: 0, reordered: 0, damaged: 0, disconnected: 0 });
    assert.equal(muted, 0, 'what finished handlers sent was delivered');
    assert.ok(lost >= SECONDS, 'each kill costs at least the message that killed');
    assert.ok(lost <= cutOff, `${lost} messages are lost, ${cutOff} were begun and not done`);
    assert.ok(sent > CLIENTS * RATE * SECONDS * 0.8, `${sent} messages were sent`);
    assert.equal(chaos.deaths, SECONDS);
    const counted = chaos.node.status().workers.reduce((total, worker) => total + worker.lost, 0);
    assert.ok(counted >= cutOff, `the node counts ${counted} lost events, ${cutOff} were`);
  });
});
