import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiClient } from '../support/api-client.js';
import { ChaosLoad } from '../support/chaos-load.js';
import { Cluster, clusterOfRoles, freeAddress, gatewayOf } from '../support/cluster.js';

const CLIENTS = 30;
const RATE = 20;
/** Messages of a load in a second. */
const SECOND = CLIENTS * RATE;
const NODE = { events: 'chaos', worker: { count: 1, stopTimeout: 20 } } as const;

// the third waits most of the time
describe('a node that is killed with kill -9', { timeout: 120_000, concurrency: true }, () => {
  it('under load: the clients of the others lose nothing, and it is part of the cluster again when it is started again', async (t) => {
    const cluster = await Cluster.start(['a', 'b', 'c'], NODE);
    t.after(() => cluster.stop());
    const [a, b, c] = await Promise.all(
      ['a', 'b', 'c'].map((name) => {
        const url = cluster.node(name).url('ws');
        return ChaosLoad.open(t, { url, clients: CLIENTS, rate: RATE, exact: true });
      }),
    );
    const othersServed = async (messages: number): Promise<unknown> =>
      await Promise.all([a, b].map((load) => load.served(messages)));
    for (const load of [a, b, c]) load.start();
    await Promise.all([othersServed(SECOND), c.served(SECOND)]);
    await cluster.node('c').kill();
    await cluster.whole();
    await othersServed(SECOND / 2);
    // its onWorkerStart greets everybody, wherever they are
    await cluster.add({ ...NODE, name: 'c' });
    await cluster.whole();
    await othersServed(SECOND / 2);
    await Promise.all([a, b].map((load) => load.stop()));
    for (const load of [a, b]) {
      load.checkFaultless(SECOND * 2);
      for (const { greetings } of load.clients) assert.equal(greetings, 1);
    }
    assert.equal(c.summary.disconnected, CLIENTS);
  });

  it('under load: the clients of other nodes that were served there are served elsewhere', async (t) => {
    const { cluster, gateway } = await clusterOfRoles(t, ['w1', 'w2'], NODE);
    const load = await ChaosLoad.open(t, { url: gateway.url('ws'), clients: CLIENTS, rate: RATE });
    load.start();
    await load.served(SECOND);
    await cluster.node('w1').kill();
    await cluster.whole();
    await load.served(SECOND / 2);
    await load.stop();
    const { sent, lost, ...faults } = load.summary;
    t.diagnostic(`${lost} of ${sent} messages were on their way to the dead node, or being handled there`);
    assert.deepEqual(faults, { doubled: 0, reordered: 0, damaged: 0, disconnected: 0 });
    // handlers take 3 ms: what is lost is what a moment brings, for half of the clients
    assert.ok(lost < sent / 4, `${lost} of ${sent} are lost`);
    assert.equal((await gateway.status()).cluster.workers[0].clients, CLIENTS);
  });

  it('queries name its gateway until it is dropped, and are whole again then', async (t) => {
    // each node hosts a Register, so that the last word of one dies with its node
    const registers = await Promise.all([freeAddress(), freeAddress()]);
    const cluster = new Cluster(registers);
    t.after(() => cluster.stop());
    await Promise.all(
      registers.map((listen, index) =>
        cluster.add({ events: 'api', name: 'ab'[index], register: { listen } }),
      ),
    );
    await cluster.whole();
    const [ann, bob] = await Promise.all(
      ['a', 'b'].map((name) => ApiClient.connect(cluster.node(name).url('ws'))),
    );
    const dead = gatewayOf(bob.id);
    for (const [client, uid] of [
      [ann, 'ann'],
      [bob, 'bob'],
    ] as const) {
      await client.call('client.bindUid', uid);
      await client.call('client.join', 'red');
    }
    await cluster.node('b').kill();
    await cluster
      .node('a')
      .until('that the other gateway is down', ({ cluster: { gateways } }) =>
        gateways.some(({ state, address }) => state === 'down' && address === dead),
      );
    const { code, message } =
      (await ann.attempt('getAllClientIdList')).error ?? assert.fail('it was answered');
    assert.equal(code, 'GW_TIMEOUT');
    assert.match(message, new RegExp(`getAllClientIdList was not answered by ${dead} `));
    // what the others said has the form of the call's result
    const queries: [call: string, partial: unknown, ...args: unknown[]][] = [
      ['getAllClientIdList', [ann.id]],
      ['getAllClientIdCount', 1],
      ['getAllUidCount', 1],
      ['getUidListByGroup', ['ann'], 'red'],
      ['getAllGroupClientIdCount', { red: 1 }],
      ['getAllGroupUidList', { red: ['ann'] }],
      ['isUidOnline', false, 'bob'],
      ['isUidsOnline', { ann: true, bob: false }, ['ann', 'bob']],
      ['getAllClientSessions', { [ann.id]: {} }],
    ];
    for (const [call, partial, ...args] of queries) {
      assert.deepEqual(await ann.call('partial', call, ...args), { partial, missing: [dead] }, call);
    }
    // sends go on to those who are there
    assert.equal(await ann.call('sendToAll', 'hi'), true);
    assert.match((await ann.refusal('sendToClient', bob.id, 'hi')).message, /is down; it is dialled again/);

    // the Register that is left is enough for a node to join
    const late = await cluster.add({ events: 'echo', name: 'c' });
    await late.until('the one other gateway', ({ cluster: { gateways } }) => {
      const up = gateways.filter(({ state }) => state === 'up').map(({ address }) => address);
      return gateways.length === 1 && up[0] === gatewayOf(ann.id);
    });
    await cluster.whole();
    assert.deepEqual(await ann.call('getAllClientIdList'), [ann.id]);
    await cluster.add({ events: 'api', name: 'b', register: { listen: registers[1] } });
    await cluster.whole();
    const again = await ApiClient.connect(cluster.node('b').url('ws'));
    assert.deepEqual(new Set(await ann.call<string[]>('getAllClientIdList')), new Set([ann.id, again.id]));
  });
});
