import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { ChaosBoard } from '../support/chaos-board.js';
import { ChaosClient, type MessageKind } from '../support/chaos-client.js';
import { ChaosNode } from '../support/chaos-node.js';

const MEBIBYTE = 2 ** 20;
const CLIENTS = 4;
const ROUNDS = 6;
/** Longer than either ring: it can only pass in fragments. */
const LARGE = 3_000_000;

interface Scene {
  readonly chaos: ChaosNode;
  readonly clients: readonly ChaosClient[];
  readonly troublemaker: ChaosClient;
}

async function scene(t: TestContext, exact: boolean): Promise<Scene> {
  ChaosBoard.create(CLIENTS + 1, 1000);
  const chaos = await ChaosNode.start({
    gateway: { sendToWorkerBufferSize: MEBIBYTE, sendToClientBufferSize: 100 * MEBIBYTE },
    // what waits for the gateway is limited by the test, which sends no more before it has its answers
    worker: { sendToGatewayBufferSize: 100 * MEBIBYTE, stopTimeout: 20 },
  });
  const connect = async (index: number): Promise<ChaosClient> =>
    await ChaosClient.connect(chaos.url, index, exact);
  const clients = await Promise.all(Array.from({ length: CLIENTS }, (_, index) => connect(index)));
  const troublemaker = await connect(CLIENTS);
  t.after(async () => {
    await Promise.all([...clients, troublemaker].map((client) => client.close()));
    await chaos.stop();
  });
  return { chaos, clients, troublemaker };
}

/** Long messages between short ones, from every client at once. */
function talk(clients: readonly ChaosClient[], round: number): void {
  for (const client of clients) {
    for (const kind of ['sync', 'async', 'query'] as const) {
      client.send('async');
      client.send(kind, `${client.index}.${round}.`.padEnd(LARGE, kind));
      client.send('sync');
    }
  }
}

function faults(clients: readonly ChaosClient[]): object {
  const sum = (field: 'doubled' | 'reordered' | 'damaged'): number =>
    clients.reduce((total, client) => total + client[field], 0);
  return { doubled: sum('doubled'), reordered: sum('reordered'), damaged: sum('damaged') };
}

const NONE = { doubled: 0, reordered: 0, damaged: 0 };

describe('messages of 3 MB through rings of 1 MiB', () => {
  it('reloads: all arrive, whole and in order', async (t) => {
    const { chaos, clients } = await scene(t, true);
    for (let round = 0; round < ROUNDS; round++) {
      talk(clients, round);
      await chaos.node.reload(true);
      await Promise.all(clients.map((client) => client.fence()));
    }
    assert.deepEqual(faults(clients), NONE);
    assert.deepEqual(
      clients.flatMap(({ unanswered }) => unanswered),
      [],
    );
  });

  it('workers that die: none is cut, doubled or out of order, and only what the node counts is lost', async (t) => {
    const { chaos, clients, troublemaker } = await scene(t, false);
    const ways: readonly MessageKind[] = ['exit', 'exit-later', 'uncaught'];
    for (let round = 0; round < ROUNDS; round++) {
      talk(clients, round);
      troublemaker.send(ways[round % ways.length]);
      await chaos.logged(' died: ');
      await Promise.all(clients.map((client) => client.fence()));
    }
    assert.deepEqual(faults(clients), NONE);
    const lost = clients.reduce((total, { unanswered }) => total + unanswered.length, 0);
    const counted = chaos.node.status().workers.reduce((total, worker) => total + worker.lost, 0);
    t.diagnostic(`${lost} lost, ${counted} counted, of ${clients.length * ROUNDS * 9}`);
    assert.ok(lost + ROUNDS <= counted, `${lost} and what killed are lost, ${counted} counted`);
  });
});
