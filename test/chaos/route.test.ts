import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { openGate } from '../support/chaos-gate.js';
import { ChaosNode } from '../support/chaos-node.js';
import { SeededRandom } from '../support/random.js';
import { RoomsClient, ownerOf } from '../support/rooms-client.js';
import { SplitNode } from '../support/split-node.js';

const KEYS = Array.from({ length: 12 }, (_, n) => `room-${n}`);

/** Two workers, and what the test does to them, over whatever link. */
interface Workers {
  readonly url: string;
  readonly names: readonly string[];
  readonly lost: number;
  readonly deaths: number;
  reload(): Promise<void>;
}

type Start = (t: TestContext) => Promise<Workers>;

const worker = { count: 2, stopTimeout: 20 };

async function oneProcess(t: TestContext): Promise<Workers> {
  const chaos = await ChaosNode.start({ events: 'rooms', worker });
  t.after(async () => await chaos.stop());
  return {
    url: chaos.url,
    names: ['chaos:0', 'chaos:1'],
    reload: async () => await chaos.node.reload(true),
    get lost() {
      return chaos.lost;
    },
    get deaths() {
      return chaos.deaths;
    },
  };
}

async function otherNode(t: TestContext): Promise<Workers> {
  const split = await SplitNode.start({ events: 'rooms', worker });
  t.after(async () => await split.stop());
  return {
    url: split.url,
    names: ['workers:0', 'workers:1'],
    reload: async () => await split.pool.reload(300_000),
    get lost() {
      return split.lost;
    },
    get deaths() {
      return split.deaths;
    },
  };
}

async function connect(
  t: TestContext,
  workers: Workers,
  count: number,
  exact = true,
): Promise<RoomsClient[]> {
  const owner = (key: string): string | undefined => ownerOf(key, workers.names);
  const clients = await Promise.all(
    Array.from({ length: count }, () => RoomsClient.connect(workers.url, owner, { exact })),
  );
  t.after(async () => {
    for (const client of clients) await client.close();
  });
  return clients;
}

function checkFaultless(clients: readonly RoomsClient[]): void {
  assert.deepEqual(clients.flatMap(({ faults }) => faults).slice(0, 10), []);
}

for (const [link, start] of [
  ['rings', oneProcess],
  ['TCP', otherNode],
] as const satisfies readonly (readonly [string, Start])[]) {
  describe(`clients with keys, over ${link}`, () => {
    it('what a client sends in one go behind its key is its owner’s, however often it gets another', async (t) => {
      const workers = await start(t);
      const clients = await connect(t, workers, 20);
      const random = new SeededRandom(12);
      for (const client of clients) {
        for (let n = 0; n < 20; n++) {
          client.send(random.pick(['route', 'twice']), random.pick(KEYS));
          for (let m = random.below(5); m > 0; m--) client.send(random.pick(['say', 'later']));
        }
      }
      await Promise.all(clients.map((client) => client.fence()));
      checkFaultless(clients);
      assert.equal(new Set(clients.flatMap(({ workers: names }) => [...names])).size, 2);
    });

    it('a handler that is pending goes on where it is, and gives its key at its end', async (t) => {
      const workers = await start(t);
      const [client] = await connect(t, workers, 1);
      for (const key of KEYS) client.send('route', key);
      const held = client.send('late-route', KEYS[0]);
      for (let n = 0; n < 10; n++) client.send('say');
      await client.until(held - 1);
      openGate();
      await client.fence();
      checkFaultless([client]);
    });

    it('over reloads: nothing is lost, doubled or reordered, and every event is the owner’s', async (t) => {
      const workers = await start(t);
      const clients = await connect(t, workers, 20);
      const random = new SeededRandom(34);
      const send = (): void => {
        for (const client of clients) {
          const word = random.pick(['say', 'later', 'later', 'route', 'twice'] as const);
          client.send(word, random.pick(KEYS));
        }
      };
      const timer = setInterval(send, 20);
      for (let n = 0; n < 2; n++) await workers.reload();
      clearInterval(timer);
      await Promise.all(clients.map((client) => client.fence()));
      checkFaultless(clients);
      assert.equal(workers.lost, 0);
      for (const { threads } of clients) assert.ok(threads.size > 1, `${threads.size} threads`);
    });

    it('over a reload while its handler is pending, which then gives it another key, in the old thread', async (t) => {
      const workers = await start(t);
      const clients = await connect(t, workers, 8);
      for (const [n, client] of clients.entries()) {
        client.send('route', KEYS[n]);
        client.send('late-route', KEYS[n + 1]);
        for (let m = 0; m < 10; m++) client.send('say');
      }
      await Promise.all(clients.map((client) => client.until(0)));
      await workers.reload();
      for (const client of clients) client.send('say');
      openGate();
      await Promise.all(clients.map((client) => client.fence()));
      checkFaultless(clients);
    });

    it('over crashes: what has not begun is the owner’s, once and in order', async (t) => {
      const workers = await start(t);
      const clients = await connect(t, workers, 20, false);
      const random = new SeededRandom(56);
      const ended = new Map<RoomsClient, number[]>(clients.map((client) => [client, []]));
      for (let round = 0; round < 4; round++) {
        for (let n = 0; n < 15; n++) {
          for (const client of clients) {
            client.send(random.pick(['say', 'route', 'twice']), random.pick(KEYS));
          }
          if (n === 7) ended.get(clients[round])?.push(clients[round].send('exit'));
        }
        await Promise.all(clients.map((client) => client.fence()));
      }
      checkFaultless(clients);
      assert.equal(workers.deaths, 4);
      for (const client of clients) assert.deepEqual(client.unanswered, ended.get(client));
    });
  });
}

describe('the router query:room', () => {
  it('brings a client to the owner of the key in its handshake, and all others to any worker', async (t) => {
    const chaos = await ChaosNode.start({ events: 'rooms', worker, gateway: { router: 'query:room' } });
    t.after(async () => await chaos.stop());
    for (const key of [...KEYS, 'a room, with umlauts: ä', '']) {
      const client = await RoomsClient.connect(
        `${chaos.url}/chat?${new URLSearchParams({ room: key, other: '1' }).toString()}`,
        () => undefined,
      );
      await client.fence();
      if (key !== '') assert.equal(client.worker, ownerOf(key, ['chaos:0', 'chaos:1']));
      assert.deepEqual(client.faults, []);
      await client.close();
    }
  });
});
