import assert from 'node:assert/strict';
import { type TestContext, after, before, describe, it } from 'node:test';
import { Command, commandName } from '#src/wire/command.js';
import type { Order } from '../fixtures/events/interest/index.js';
import { Cluster } from '../support/cluster.js';
import { eventually } from '../support/eventually.js';
import { Mesh } from '../support/mesh.js';
import { WsClient } from '../support/ws-client.js';

/** How many races there are of each kind: `RACES=100000 node dist-test/run.js federation/interest` for more. */
const RACES = Number(process.env.RACES ?? 1000);
/** Races of those that go by the test's own clients, which run at once. */
const PAIRS = 8;
const TIMEOUT = 60_000 + RACES * 10;

/** A client of the event app, and its id. */
class Racer {
  readonly ws: WsClient;
  id = '';

  private constructor(ws: WsClient) {
    this.ws = ws;
  }

  static async connect(url: string): Promise<Racer> {
    const racer = new Racer(await WsClient.connect(url));
    racer.id = String(await racer.ws.next());
    return racer;
  }

  /** Resolves when its worker has carried it out. */
  async order(order: Order): Promise<void> {
    this.ws.send(JSON.stringify(order));
    assert.equal(await this.ws.next(), 'done');
  }
}

describe('a mesh of 12 nodes', { timeout: 60_000 }, () => {
  it('a message to a uid costs one frame, to where somebody has it', async (t) => {
    const mesh = await Mesh.start('interest', [1, ...Array.from({ length: 11 }, () => 0)]);
    t.after(() => mesh.stop());
    const [caller, ann] = await Promise.all([0, 5].map((node) => Racer.connect(mesh.url(node))));
    await ann.order({ do: 'join', as: 'uid', name: 'ann' });
    const spared = (): number =>
      mesh.nodes[0].status().cluster.gateways.reduce((sum, gateway) => sum + gateway.spared, 0);
    // the first send makes the others tell what they have
    await eventually(async () => {
      const already = spared();
      await caller.order({ do: 'send', to: 'uid', name: 'nobody', text: '' });
      assert.equal(spared() - already, 11);
    });
    const came = countFrames(t, mesh);
    await caller.order({ do: 'send', to: 'uid', name: 'ann', text: 'hello', times: 100 });
    for (let n = 0; n < 100; n++) assert.equal(await ann.ws.next(), 'hello');
    await caller.order({ do: 'send', to: 'uid', name: 'nobody', text: 'hello', times: 100 });
    await caller.order({ do: 'send', to: 'group', name: 'ann', text: 'hello', times: 100 });
    await ann.order({ do: 'leave', as: 'uid', name: 'ann' });
    const one = ['SEND_TO_UID 5 100'];
    assert.deepEqual(came(), one);
    assert.equal(ann.ws.waiting, 0);
    await Promise.all([caller, ann].map(({ ws }) => ws.close()));
  });
});

/** Counts the sends that come to gateways from workers of other nodes: `COMMAND NODE TIMES`. */
function countFrames(t: TestContext, mesh: Mesh): () => string[] {
  const counts = new Map<string, number>();
  for (const [number, { gateway }] of mesh.nodes.entries()) {
    assert.ok(gateway);
    const { desk } = gateway;
    const carryOut = desk.carryOut.bind(desk);
    t.mock.method(desk, 'carryOut', (...[asker, frame]: Parameters<typeof carryOut>) => {
      const { command } = frame;
      if (
        asker.peer?.local === false &&
        (command === Command.SEND_TO_UID || command === Command.SEND_TO_GROUP)
      ) {
        const key = `${commandName(command)} ${number}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      carryOut(asker, frame);
    });
  }
  return () => Array.from(counts, ([key, count]) => `${key} ${count}`);
}

describe('the last who joined is sent what is sent after that', { timeout: TIMEOUT }, () => {
  const names = ['a', 'b', 'c'];
  let cluster: Cluster;

  before(async () => {
    cluster = await Cluster.start(names, { events: 'interest', gateway: { pingInterval: 0 } });
  });
  after(() => cluster.stop());

  const connect = async (node: number): Promise<Racer> =>
    await Racer.connect(cluster.node(names[node % 3]).url('ws'));

  it(`by the worker itself, at whatever node: ${RACES} joins`, async () => {
    const caller = await connect(0);
    const racers = await Promise.all([1, 2, 0, 1, 2].map(connect));
    const clientIds = racers.map(({ id }) => id);
    const step = 1000;
    for (let from = 0; from < RACES; from += step) {
      const to = Math.min(from + step, RACES);
      await caller.order({ do: 'race', from, to, clientIds });
      for (let n = from; n < to; n++) {
        assert.equal(await racers[n % racers.length].ws.next(), String(n), `race ${n}`);
      }
    }
    assert.ok(racers.every(({ ws }) => ws.waiting === 0));
    await Promise.all([caller, ...racers].map(({ ws }) => ws.close()));
  });

  it(`by another node’s worker, once the client has been told so: ${RACES} joins`, async () => {
    const eachPair = Math.ceil(RACES / PAIRS);
    await Promise.all(
      Array.from({ length: PAIRS }, async (_, pair) => {
        // who joins, at one node, who sends, at another one, and who has the first one join, at the third
        const [joins, sends, invites] = await Promise.all([pair, pair + 1, pair + 2].map(connect));
        for (let n = 0; n < eachPair; n++) {
          const name = `${pair}-${n % 5}`;
          const as = n % 2 === 0 ? 'uid' : 'group';
          if (n % 3 === 0) {
            invites.ws.send(JSON.stringify({ do: 'join', as, name, clientId: joins.id } satisfies Order));
            assert.equal(await joins.ws.next(), 'you are in');
          } else {
            await joins.order({ do: 'join', as, name });
          }
          await sends.order({ do: 'send', to: as, name, text: String(n) });
          assert.equal(await joins.ws.next(), String(n), `race ${n} of ${pair}`);
          await joins.order({ do: 'leave', as, name });
          if (n % 3 === 0) assert.equal(await invites.ws.next(), 'done');
        }
        assert.equal(joins.ws.waiting, 0);
        await Promise.all([joins, sends, invites].map(({ ws }) => ws.close()));
      }),
    );
  });
});
