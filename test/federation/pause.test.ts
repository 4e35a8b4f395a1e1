import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiClient } from '../support/api-client.js';
import { ChaosLoad } from '../support/chaos-load.js';
import { Cluster, gatewayOf } from '../support/cluster.js';

/** Seconds between two pings: a node that is silent for three times as long is dropped. */
const PING_INTERVAL = 1;

describe('a node that hangs, as one that is swapped out or stopped in a debugger', {
  timeout: 120_000,
}, () => {
  it('the others drop it and go on; it comes back by itself, and so do its clients', async (t) => {
    const cluster = await Cluster.start(['a', 'b'], {
      events: 'chaos',
      worker: { stopTimeout: 20 },
      cluster: { pingInterval: PING_INTERVAL },
    });
    t.after(() => cluster.stop());
    const hanging = await cluster.add({ name: 'c', events: 'api', cluster: { pingInterval: PING_INTERVAL } });
    const other = await cluster.add({ name: 'd', events: 'api', cluster: { pingInterval: PING_INTERVAL } });
    await cluster.whole();
    const url = cluster.node('a').url('ws');
    const load = await ChaosLoad.open(t, { url, clients: 50, rate: 20, exact: true });
    const [ann, bob] = [await ApiClient.connect(hanging.url('ws')), await ApiClient.connect(other.url('ws'))];
    const address = gatewayOf(ann.id);
    load.start();

    hanging.pause();
    ann.request('getAllClientIdCount');
    await Promise.all(
      ['a', 'b', 'd'].map((name) =>
        cluster.node(name).until('that its gateway is down and its worker gone', ({ cluster: seen }) => {
          const gateway = seen.gateways.find((each) => each.address === address);
          return gateway?.state === 'down' && !seen.workers.some((worker) => worker.name === 'c:0');
        }),
      ),
    );
    assert.deepEqual(await bob.call('partial', 'getAllClientIdCount'), { partial: 51, missing: [address] });
    assert.equal((await bob.refusal('sendToClient', ann.id, 'hi')).code, 'GW_LINK_CLOSED');
    const silent = other.log.find(({ msg }) => msg.includes(`has lost the gateway ${address}`));
    assert.match(silent?.msg ?? '', /has been silent for \d+ s/);

    hanging.resume();
    await cluster.whole();
    const { result, error } = await ann.outcome();
    assert.ok(result === 52 || error?.code === 'GW_TIMEOUT', 'a client of the one that hung was answered');
    assert.equal(await ann.call('getAllClientIdCount'), 52);
    assert.equal(await bob.call('sendToClient', ann.id, 'welcome back'), true);
    assert.equal(await ann.ws.next(), 'welcome back');
    await load.stop();
    load.checkFaultless(50 * 20);
  });
});
