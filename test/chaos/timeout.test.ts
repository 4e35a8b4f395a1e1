import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, describe, it } from 'node:test';
import { openGate } from '../support/chaos-gate.js';
import { ChaosNode } from '../support/chaos-node.js';
import { fixture } from '../support/fixtures.js';
import { MachineLoad } from '../support/machine-load.js';
import { answer } from '../support/takeover-answer.js';
import { WsClient } from '../support/ws-client.js';

const TIMEOUT = 1;

/** Two workers, and a client of each. */
async function scene(t: TestContext): Promise<{ chaos: ChaosNode; ann: WsClient; bob: WsClient }> {
  const chaos = await ChaosNode.start({
    events: 'takeover',
    gateway: { router: 'least-connections' },
    worker: { count: 2, processTimeout: TIMEOUT },
  });
  t.after(() => chaos.stop());
  return { chaos, ann: await WsClient.connect(chaos.url), bob: await WsClient.connect(chaos.url) };
}

function line(text: string): number {
  const lines = readFileSync(fixture('events/takeover/index.ts'), 'utf8').split('\n');
  return lines.findIndex((candidate) => candidate.includes(text)) + 1;
}

describe('processTimeout', () => {
  it('a handler in an endless loop: named with its stack, its thread replaced in time, others answered meanwhile', async (t) => {
    const machine = new MachineLoad(2);
    const { chaos, ann, bob } = await scene(t);
    ann.send('who');
    const [, old] = await answer(ann);
    const began = performance.now();
    ann.send('loop');
    ann.send('after');
    const replaced = answer(ann);
    let meanwhile = 0;
    for (let ended = false; !ended; meanwhile++) {
      bob.send('who');
      await answer(bob);
      ended = await Promise.race([
        replaced.then(() => true),
        new Promise<false>((go) => setImmediate(go, false)),
      ]);
    }
    const seconds = (performance.now() - began) / 1000;
    const [word, fresh] = await replaced;
    t.diagnostic(`replaced after ${seconds.toFixed(2)} s; the other worker answered ${meanwhile} times`);
    assert.equal(word, 'after');
    assert.notEqual(fresh, old);
    assert.ok(seconds >= TIMEOUT, `it took ${seconds} s`);
    if (machine.allowsJudging(t)) {
      assert.ok(seconds < TIMEOUT + 1, `it took ${seconds} s`);
      assert.ok(meanwhile > 100, `${meanwhile} answers`);
    }

    const report = chaos.log.find(({ msg }) => msg.includes('stands still'));
    assert.ok(report);
    assert.equal(report.event, 'onMessage');
    assert.match(String(report.client), /^[0-9a-f]{20}$/);
    assert.ok(Number(report.seconds) >= TIMEOUT);
    const place = new RegExp(`events/takeover/index\\.ts:${line('for (;;)')}:\\d+`);
    assert.match((report.stack as string[])[0], place);
    assert.match(report.msg, place);
    assert.equal(chaos.deaths, 1);
    assert.match(
      String(chaos.node.status().workers.find(({ lastExit }) => lastExit)?.lastExit),
      /onMessage of .* blocked it/,
    );
  });

  it('two workers in endless loops at once: both are named and replaced', async (t) => {
    const { chaos, ann, bob } = await scene(t);
    for (const client of [ann, bob]) {
      client.send('loop');
      client.send('after');
    }
    for (const client of [ann, bob]) assert.equal((await answer(client))[0], 'after');
    const reports = chaos.log.filter(({ msg }) => msg.includes('stands still'));
    assert.equal(reports.length, 2);
    for (const { stack } of reports) assert.match((stack as string[])[0], /takeover\/index\.ts/);
  });

  it('a handler that stays pending: reported, and its client goes on without it; what it sends later arrives', async (t) => {
    const { chaos, ann } = await scene(t);
    ann.send('hold');
    ann.send('after');
    assert.equal((await answer(ann))[0], 'after');
    const report = await chaos.logged('has been pending for');
    const [, seconds] =
      /^onMessage has been pending for ([\d.]+) s, longer than processTimeout/.exec(report.msg) ?? [];
    assert.ok(Number(seconds) >= TIMEOUT, report.msg);
    assert.match(String(report.client), /^[0-9a-f]{20}$/);
    assert.equal(report.event, 'onMessage');
    openGate();
    assert.equal((await answer(ann))[0], 'hold');
    assert.equal(chaos.deaths, 0);
  });
});
