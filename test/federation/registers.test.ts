import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { splitAddress } from '#src/net/inner-socket.js';
import { ApiClient } from '../support/api-client.js';
import { ChaosLoad } from '../support/chaos-load.js';
import { Cluster, SECRET_KEY, freeAddress } from '../support/cluster.js';
import { RegisterPeer } from '../support/register-peer.js';

/** A port that nobody listens on. */
const NOBODY = '127.0.0.1:1';

// they wait most of the time
describe('the Registers of a cluster', { timeout: 120_000, concurrency: true }, () => {
  it('all of them are restarted under load: no message is lost, and who came meanwhile joins when one is back', async (t) => {
    const cluster = new Cluster([await freeAddress(), await freeAddress()]);
    t.after(() => cluster.stop());
    const registers = await Promise.all([cluster.addRegister(0), cluster.addRegister(1)]);
    await Promise.all(
      ['a', 'b'].map((name) => cluster.add({ name, events: 'chaos', worker: { stopTimeout: 20 } })),
    );
    // its clients are served by a and b: what they say crosses the links
    const entrance = await cluster.add({ name: 'entrance', worker: false });
    await cluster.whole();
    const load = await ChaosLoad.open(t, {
      url: entrance.url('ws'),
      clients: 50,
      rate: 20,
      exact: true,
      kind: () => 'query',
    });
    load.start();

    await registers[0].stop();
    await cluster.whole();
    await registers[1].kill();
    await Promise.all(
      ['a', 'b'].map((name) =>
        cluster
          .node(name)
          .until('that both Registers are lost', ({ cluster: { registers: seen } }) =>
            seen.every(({ state }) => state !== 'joined'),
          ),
      ),
    );
    await cluster.whole();
    const late = await cluster.add({ name: 'late', events: 'api' });
    const ann = await ApiClient.connect(late.url('ws'));
    assert.equal(await ann.call('getAllClientIdCount'), 1);
    // they come up in the other order, each with an empty list
    await cluster.addRegister(1);
    await cluster.whole();
    await cluster.addRegister(0);
    assert.equal(await ann.call('getAllClientIdCount'), 51);
    await ann.call('sendToAll', '! from the one that came late');
    await load.stop();

    t.diagnostic(`${load.summary.sent} messages`);
    load.checkFaultless(50 * 20 * 3);
    for (const { greetings } of load.clients) assert.equal(greetings, 1);
  });

  it('an address that does not answer is tried again and again, shown in status, and forgotten when it is taken back', async (t) => {
    const cluster = new Cluster([await freeAddress()]);
    t.after(() => cluster.stop());
    const register = await cluster.addRegister();
    const address = (await register.status()).cluster.register?.address ?? '';
    // one of the two Registers is not there
    const node = await cluster.add({
      name: 'a',
      events: 'api',
      cluster: { registerAddress: [address, NOBODY] },
    });
    const { host, port } = splitAddress(address);
    const ghost = await RegisterPeer.announce(port, NOBODY, SECRET_KEY, host);
    const { cluster: seen } = await node.until(
      'the second attempt to reach either',
      ({ cluster: { gateways, registers } }) =>
        gateways.length > 0 &&
        [...gateways, ...registers].every(({ attempts, state }) => state === 'joined' || attempts > 1),
    );
    assert.equal(seen.gateways[0].address, NOBODY);
    assert.equal(seen.gateways[0].state, 'down');
    assert.match(seen.gateways[0].lastError ?? '', /127\.0\.0\.1:1.*ECONNREFUSED/);
    const [joined, absent] = seen.registers;
    assert.deepEqual(joined, { address, state: 'joined', attempts: 0 });
    assert.equal(absent.address, NOBODY);
    assert.match(absent.lastError ?? '', /127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\)/);
    // the node is up all the same
    const ann = await ApiClient.connect(node.url('ws'));
    assert.deepEqual(await ann.call('partial', 'getAllClientIdCount'), { partial: 1, missing: [NOBODY] });
    ghost.close();
    await node.until('no other gateway', ({ cluster: { gateways } }) => gateways.length === 0);
    assert.equal(await ann.call('getAllClientIdCount'), 1);
  });
});
