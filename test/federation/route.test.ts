import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cluster } from '../support/cluster.js';
import { eventually } from '../support/eventually.js';
import { RoomsClient, ownerOf } from '../support/rooms-client.js';
import { SplitNode } from '../support/split-node.js';

const KEYS = Array.from({ length: 8 }, (_, n) => `room-${n}`);

describe('clients with keys in a cluster', () => {
  it('move as workers come and go, those of all gateways to the same one: nothing is lost or reordered', async (t) => {
    const split = await SplitNode.start({
      events: 'rooms',
      gateways: 2,
      worker: { count: 2, stopTimeout: 20 },
    });
    t.after(() => split.stop());
    const clients = await Promise.all(
      split.urls.flatMap((url) => KEYS.map(() => RoomsClient.connect(url, () => undefined))),
    );
    t.after(async () => {
      clearInterval(timer);
      for (const client of clients) await client.close();
    });
    const key = (index: number): string => KEYS[index % KEYS.length];
    for (const [n, client] of clients.entries()) client.send('route', key(n));
    const timer = setInterval(() => {
      for (const client of clients) client.send('later');
    }, 20);
    /** Resolves when each client’s events are handled by the owner of its key. */
    const settled = async (names: readonly string[]): Promise<void> => {
      await eventually(async () => {
        await Promise.all(clients.map((client) => client.fence()));
        assert.deepEqual(
          clients.map(({ worker }) => worker),
          clients.map((_, n) => ownerOf(key(n), names)),
        );
      });
    };
    const workers = ['workers:0', 'workers:1'];
    await settled(workers);
    const others = await split.startPool('others');
    t.after(() => others.stop(1000));
    await settled([...workers, 'others:0', 'others:1']);
    await others.stop(10_000);
    await settled(workers);
    clearInterval(timer);
    await Promise.all(clients.map((client) => client.fence()));
    assert.deepEqual(
      clients.flatMap(({ faults }) => faults),
      [],
    );
    assert.deepEqual(
      split.gateways.map(({ gateway }) => gateway.peers.reduce((sum, { clients: bound }) => sum + bound, 0)),
      [KEYS.length, KEYS.length],
    );
  });

  it('of nodes that have workers: each node has its own owner of a key, or all have one', async (t) => {
    const cluster = await Cluster.start(['node-a', 'node-b'], {
      events: 'rooms',
      gateway: { router: 'query:room' },
    });
    t.after(() => cluster.stop());
    const names = ['node-a:0', 'node-b:0'];
    const clients = await Promise.all(
      cluster.nodes.slice(1).map(async (node) => {
        const owner = (key: string): string | undefined =>
          key.startsWith('wide') ? ownerOf(key, names) : `${node.name}:0`;
        return await RoomsClient.connect(`${node.url('ws')}?room=lobby`, owner);
      }),
    );
    for (const client of clients) {
      for (let n = 0; n < 20; n++) {
        client.send('route', `own-${n}`);
        client.send('say');
        client.send('wide', `wide-${n}`);
        client.send('later');
      }
      await client.fence();
      assert.deepEqual(client.faults, []);
      assert.deepEqual([...client.workers].toSorted(), names);
      await client.close();
    }
  });
});
