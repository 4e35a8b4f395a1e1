import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EVERY_SECOND, reloadUnderLoad } from '../support/every-second.js';
import { MachineLoad } from '../support/machine-load.js';
import { NodeProcess } from '../support/node.js';

/** Milliseconds that an answer may take. */
const LATEST = 200;

describe('reload under load', () => {
  it(`${EVERY_SECOND}: nothing is lost, doubled, reordered, or late`, async (t) => {
    const node = await NodeProcess.start({ events: 'chaos', worker: { count: 2 } });
    t.after(() => node.stop());
    const machine = new MachineLoad(1);
    const load = await reloadUnderLoad(t, {
      url: node.url('ws'),
      log: node.log,
      reload: () => {
        process.kill(node.pid, 'SIGUSR2');
        return node.logged('reloaded');
      },
    });
    if (!machine.allowsJudging(t)) return;
    const max = load.latency(1);
    assert.ok(max <= LATEST + load.worstLag, `an answer took ${max} ms`);
  });
});
