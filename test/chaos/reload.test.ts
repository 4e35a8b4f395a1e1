import assert from 'node:assert/strict';
import { availableParallelism, loadavg } from 'node:os';
import { describe, it } from 'node:test';
import { EVERY_SECOND, reloadUnderLoad } from '../support/every-second.js';
import { NodeProcess } from '../support/node.js';

/** Milliseconds that an answer may take. */
const LATEST = 200;

describe('reload under load', () => {
  it(`${EVERY_SECOND}: nothing is lost, doubled, reordered, or late`, async (t) => {
    const node = await NodeProcess.start({ events: 'chaos', worker: { count: 2 } });
    t.after(() => node.stop());
    const loadBefore = loadavg()[0];
    const load = await reloadUnderLoad(t, {
      url: node.url('ws'),
      log: node.log,
      reload: () => {
        process.kill(node.pid, 'SIGUSR2');
        return node.logged('reloaded');
      },
    });
    // others may be at work on this machine; this test itself takes about one core
    const cores = availableParallelism();
    if (loadBefore > cores || loadavg()[0] > cores + 1) {
      t.diagnostic('the machine is overloaded: latency not judged');
    } else {
      const max = load.latency(1);
      assert.ok(max <= LATEST + load.worstLag, `an answer took ${max} ms`);
    }
  });
});
