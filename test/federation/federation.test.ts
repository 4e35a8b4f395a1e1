import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { describe, it } from 'node:test';
import { formatAddress } from '#src/wire/client-id.js';
import { ApiClient, introduce } from '../support/api-client.js';
import { ChaosLoad } from '../support/chaos-load.js';
import { eventually } from '../support/eventually.js';
import { SplitNode } from '../support/split-node.js';

/** Three clients, the first two at one gateway, the third at the other. */
async function threeClients(split: SplitNode): Promise<[ApiClient, ApiClient, ApiClient]> {
  const [first, second] = split.urls;
  const clients = [
    await ApiClient.connect(first),
    await ApiClient.connect(first),
    await ApiClient.connect(second),
  ] as const;
  await introduce(clients);
  return [...clients];
}

describe('workers and gateways on different nodes', () => {
  it('calls reach the clients of every gateway, and answers come from all', async (t) => {
    const split = await SplitNode.start({ events: 'api', gateways: 2 });
    t.after(() => split.stop());
    const [ann, bob, ann2] = await threeClients(split);
    assert.deepEqual(
      await Promise.all([
        ann.call('getAllClientIdCount'),
        ann.call<string[]>('getClientIdByUid', 'ann').then((ids) => ids.toSorted()),
        bob.call('isOnline', ann2.id),
        bob.call('getUidByClientId', ann2.id),
        ann2.call<string[]>('getClientIdListByGroup', 'red').then((ids) => ids.toSorted()),
        ann2.call('getAllGroupUidCount'),
      ]),
      [3, [ann.id, ann2.id].toSorted(), true, 'ann', [ann.id, bob.id].toSorted(), { red: 2, green: 1 }],
    );
    await bob.call('setSession', ann2.id, { from: 'bob' });
    assert.deepEqual(await bob.call('getSession', ann2.id), { from: 'bob' });
    assert.deepEqual(await ann2.call('session'), { from: 'bob' });

    await bob.call('sendToUid', 'ann', 'to ann');
    await bob.call('sendToGroup', ['red', 'green'], 'to groups', { exclude: [ann2.id] });
    await bob.call('sendToAll', 'to two', { clientIds: [ann.id, ann2.id] });
    await bob.call('sendToAll', 'end');
    assert.deepEqual(await ann.messagesBefore('end'), ['to ann', 'to groups', 'to two']);
    assert.deepEqual(await bob.messagesBefore('end'), ['to groups']);
    assert.deepEqual(await ann2.messagesBefore('end'), ['to ann', 'to two']);
    await ann2.leave(ann);
    assert.equal(await ann.call('getAllClientIdCount'), 2);
  });

  it('a gateway that is gone is named at once, and the others are served', async (t) => {
    const split = await SplitNode.start({ events: 'api', gateways: 2 });
    t.after(() => split.stop());
    const [ann, bob, ann2] = await threeClients(split);
    const [, { gateway, innerPort, address }] = split.gateways;
    await gateway.close(1000);
    await innerPort.close(1000);
    await split.logged(`has lost the gateway ${formatAddress(address)}`);
    await split.logged(`has lost the gateway ${formatAddress(address)}`);
    const refusal = await ann.refusal('getAllClientIdCount');
    assert.equal(refusal.code, 'GW_TIMEOUT');
    assert.match(refusal.message, new RegExp(`not answered by ${formatAddress(address)} `));
    assert.match(
      (await ann.refusal('sendToClient', ann2.id, 'hello?')).message,
      /is down; it is dialled again/,
    );
    const { code } = await ann.refusal('sendToAll', 'to whom it reaches', { clientIds: [bob.id, ann2.id] });
    assert.equal(code, 'GW_LINK_CLOSED');
    await ann.call('sendToAll', 'end');
    assert.deepEqual(await bob.messagesBefore('end'), ['to whom it reaches']);
    assert.equal(
      split.pool.gateways().find(({ state }) => state === 'down')?.address,
      formatAddress(address),
    );
    split.pool.setGateways([split.gateways[0].address]);
    // the thread is told by another way than events come
    await eventually(async () => assert.equal(await ann.call('getAllClientIdCount'), 2));
  });

  it('a worker’s node that stops leaves nothing behind: its clients go on at another’s', async (t) => {
    const split = await SplitNode.start({ gateways: 2 });
    t.after(() => split.stop());
    const other = await split.startPool('others');
    t.after(() => other.stop(1000));
    const loads = await Promise.all(
      split.urls.map((url) => ChaosLoad.open(t, { url, clients: 30, rate: 20, exact: true })),
    );
    const served = async (): Promise<unknown> => await Promise.all(loads.map((load) => load.served(300)));
    for (const load of loads) load.start();
    await served();
    await other.stop(10_000);
    await served();
    for (const load of loads) await load.stop();
    for (const load of loads) load.checkFaultless(600);
    const workers = split.gateways.flatMap(({ gateway }) => gateway.peers.map(({ name }) => name));
    assert.deepEqual(workers.toSorted(), ['workers:0', 'workers:0', 'workers:1', 'workers:1']);
  });

  const ipv6 = Object.values(networkInterfaces()).some((list) =>
    list?.some(({ address }) => address === '::1'),
  );
  it('knows the address of a client that came by IPv6', { skip: !ipv6 }, async (t) => {
    const split = await SplitNode.start({ events: 'api', gateway: { listen: [{ url: 'ws://[::1]:0' }] } });
    t.after(() => split.stop());
    const ann = await ApiClient.connect(split.url);
    assert.equal((await ann.call<{ remoteAddress: string }>('describe')).remoteAddress, '::1');
  });
});
