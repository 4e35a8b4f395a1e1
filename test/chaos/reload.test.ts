import assert from 'node:assert/strict';
import { availableParallelism, loadavg } from 'node:os';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChaosLoad } from '../support/chaos-load.js';
import { NodeProcess } from '../support/node.js';

/** CHAOS_SECONDS=20 is the long form. */
const SECONDS = Number(process.env.CHAOS_SECONDS ?? 8);
const CLIENTS = 200;
const RATE = 20;
const LATEST = 200;

describe('reload under load', () => {
  it(`every second for ${SECONDS} s under ${CLIENTS * RATE} messages/s: nothing is lost, doubled, reordered, or late`, async (t) => {
    const node = await NodeProcess.start({ events: 'chaos', worker: { count: 2 } });
    t.after(() => node.stop());
    const load = await ChaosLoad.connect({
      url: node.url('ws'),
      clients: CLIENTS,
      rate: RATE,
      exact: true,
      kind: () => 'async',
    });
    t.after(() => load.close());
    const overloaded = loadavg()[0] > availableParallelism();
    load.start();
    for (let second = 0; second < SECONDS; second++) {
      await sleep(1000);
      process.kill(node.pid, 'SIGUSR2');
    }
    for (let second = 0; second < SECONDS; second++) await node.logged('reloaded');
    await load.stop();

    const { summary, worstLag } = load;
    const [p50, p99, max] = [load.latency(0.5), load.latency(0.99), load.latency(1)];
    t.diagnostic(
      `${SECONDS} reloads, ${summary.sent} messages; p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms; ` +
        `this process was late by ${worstLag.toFixed(1)} ms at worst${overloaded ? '; the machine is overloaded: latency not judged' : ''}`,
    );
    const { sent, ...faults } = summary;
    assert.deepEqual(faults, { lost: 0, doubled: 0, reordered: 0, damaged: 0, disconnected: 0 });
    assert.ok(sent > CLIENTS * RATE * SECONDS * 0.8, `${sent} messages were sent`);
    // each of two new threads greets every client from onWorkerStart
    for (const { greetings } of load.clients) assert.equal(greetings, SECONDS * 2);
    if (!overloaded) assert.ok(max <= LATEST + worstLag, `an answer took ${max} ms`);
    assert.deepEqual(
      node.log.filter(({ level }) => level >= 40),
      [],
    );
  });
});
