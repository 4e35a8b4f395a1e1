/** A cluster on hosts of its own: what happens to a node when the network, or another node, lets it down. */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { ApiClient } from '../support/api-client.js';
import { CountingCrowd } from '../support/counting-crowd.js';
import { eventually } from '../support/eventually.js';
import { NamespaceCluster, reasonToSkip } from '../support/namespace-cluster.js';
import { NamespaceNetwork } from '../support/namespace-hosts.js';

/** The hosts: one with a Register and nothing else, three with a gateway and a worker each, and one more, still idle. */
const [REGISTER, LEFT, VICTIM, RIGHT, NEW] = [0, 1, 2, 3, 4];
const OTHERS = [LEFT, RIGHT];
const ALL = [LEFT, VICTIM, RIGHT];
/** Clients of a gateway that count all the while. */
const CROWD = 10;
/** Milliseconds within which a silent peer is given up: three pings at 0.5 s and one on its way, and what a busy machine adds. Less than a query's deadline. */
const GIVEN_UP = 4500;
/** What the event app sends to everybody when it starts. */
const STARTED = 'nobody is here yet';

describe('nodes on hosts of their own', {
  skip: reasonToSkip(NamespaceNetwork.support()),
  timeout: 240_000,
}, () => {
  let cluster: NamespaceCluster;

  before(async () => {
    const full = {};
    cluster = await NamespaceCluster.start('api', [
      { gateway: false, worker: false, register: true },
      full,
      full,
      full,
      { late: true },
    ]);
  });

  after(async () => await cluster?.stop());

  /** A client of each of these hosts' gateways, for as long as the test lasts. */
  async function connect(t: TestContext, hosts: readonly number[]): Promise<ApiClient[]> {
    return await Promise.all(
      hosts.map(async (host) => {
        const client = await ApiClient.connect(cluster.url(host));
        t.after(async () => void (await client.ws.close()));
        return client;
      }),
    );
  }

  /** Clients that count at these hosts' gateways. */
  async function count(hosts: readonly number[]): Promise<CountingCrowd[]> {
    return await Promise.all(hosts.map(async (host) => await CountingCrowd.start(cluster.url(host), CROWD)));
  }

  /** A query that has to name the victim's gateway, and no other, as the one that did not answer. @returns milliseconds */
  async function missesVictim(client: ApiClient): Promise<number> {
    const asked = performance.now();
    const { code, message } = await client.refusal('getAllClientIdCount');
    assert.equal(code, 'GW_TIMEOUT');
    assert.ok(message.includes(`was not answered by ${cluster.innerAddress(VICTIM)} within`), message);
    return performance.now() - asked;
  }

  it('a cable is cut: it is noticed though nothing is closed, each side goes on alone, and they are one again once it is mended', async (t) => {
    const clients = await connect(t, ALL);
    const [left, victim, right] = clients;
    await united(clients, 3);
    const crowds = await count(ALL);

    t.after(() => cluster.hosts[VICTIM].plugIn());
    cluster.hosts[VICTIM].unplug();
    const noticed = await missesVictim(left);
    assert.ok(noticed < GIVEN_UP, `it took ${noticed} ms to notice`);
    t.diagnostic(`noticed after ${noticed.toFixed(0)} ms`);
    await missesVictim(right);
    assert.equal((await victim.refusal('getAllClientIdCount')).code, 'GW_TIMEOUT');

    // once the link is known to be down nobody waits for it, and nobody is told that a message was sent
    await eventually(async () => {
      assert.equal((await left.refusal('sendToClient', victim.id, 'lost')).code, 'GW_LINK_CLOSED');
      assert.equal((await victim.refusal('sendToClient', right.id, 'lost')).code, 'GW_LINK_CLOSED');
    });
    assert.ok((await missesVictim(left)) < GIVEN_UP / 3, 'the query waited for the dead link');
    await allReachAll([left, right]);
    await allReachAll([victim]);

    cluster.hosts[VICTIM].plugIn();
    await united(clients, 3 + 3 * CROWD);
    await allReachAll(clients);
    await check(t, crowds);
  });

  it('a process stands still: the others go on without it, and it is back when it wakes up, with its clients', async (t) => {
    const clients = await connect(t, ALL);
    const [left, victim, right] = clients;
    await united(clients, 3);
    const crowds = await count(ALL);

    t.after(() => cluster.nodes[VICTIM].resume());
    cluster.nodes[VICTIM].pause();
    // its kernel still acknowledges what is sent to it
    const noticed = await missesVictim(left);
    assert.ok(noticed < GIVEN_UP, `it took ${noticed} ms to notice`);
    await missesVictim(right);
    await allReachAll([left, right]);
    victim.request('session.increment');

    cluster.nodes[VICTIM].resume();
    assert.equal((await victim.outcome<number>()).result, 1);
    await united(clients, 3 + 3 * CROWD);
    await allReachAll(clients);
    await check(t, crowds);
  });

  for (const [how, powerLoss] of [
    ['a node is killed with -9', false],
    ['a host loses its power, which closes nothing', true],
  ] as const) {
    it(`${how}: the others lose nothing, and it is back as soon as it is started again`, async (t) => {
      const clients = await connect(t, ALL);
      const [left, victim, right] = clients;
      await united(clients, 3);
      const crowds = await count(OTHERS);

      t.after(() => cluster.hosts[VICTIM].plugIn());
      if (powerLoss) cluster.hosts[VICTIM].unplug();
      await cluster.nodes[VICTIM].kill();
      await victim.ws.closed;
      if (powerLoss) {
        // nobody has told the Register either: so it is missed until it is back
        assert.ok((await missesVictim(left)) < GIVEN_UP);
      } else {
        await united([left, right], 2 + 2 * CROWD);
      }
      await allReachAll([left, right]);

      cluster.hosts[VICTIM].plugIn();
      await cluster.startNode(VICTIM);
      const [again] = await connect(t, [VICTIM]);
      await united([left, again, right], 3 + 2 * CROWD);
      await allReachAll([left, again, right]);
      await check(t, crowds);
    });
  }

  for (const [how, powerLoss] of [
    ['is killed with -9', false],
    ['loses its power', true],
  ] as const) {
    it(`the Register ${how}: the links stay, nothing is lost, and when it is back it finds those who came meanwhile`, async (t) => {
      const clients = await connect(t, ALL);
      await united(clients, 3);
      const crowds = await count(ALL);

      t.after(() => cluster.hosts[REGISTER].plugIn());
      if (powerLoss) cluster.hosts[REGISTER].unplug();
      await cluster.nodes[REGISTER].kill();
      const noticed = powerLoss ? 'has not answered' : 'has closed the connection';
      await Promise.all(ALL.map(async (host) => await cluster.nodes[host].logged(noticed)));
      await united(clients, 3 + 3 * CROWD);
      await allReachAll(clients);
      await cluster.startNode(NEW);
      const [newcomer] = await connect(t, [NEW]);
      assert.equal(await newcomer.call('getAllClientIdCount'), 1);

      cluster.hosts[REGISTER].plugIn();
      await cluster.startNode(REGISTER);
      const everybody = [...clients, newcomer];
      await united(everybody, 4 + 3 * CROWD);
      await allReachAll(everybody);
      await cluster.nodes[NEW].stop();
      await check(t, crowds);
    });
  }
});

/** Until each client can count all of them, which takes every link. */
async function united(clients: readonly ApiClient[], count: number): Promise<void> {
  for (const client of clients) {
    await eventually(async () => assert.equal(await client.call('getAllClientIdCount'), count));
  }
}

/** Each client is sent a word by each. */
async function allReachAll(clients: readonly ApiClient[]): Promise<void> {
  for (const from of clients) {
    for (const to of clients) {
      const word = `from ${from.id} to ${to.id}`;
      assert.equal(await from.call('sendToClient', to.id, word), true);
      const others = await to.messagesBefore(word);
      assert.deepEqual(
        others.filter((message) => message !== STARTED),
        [],
      );
    }
  }
}

/** Ends the crowds: they have lost nothing. */
async function check(t: TestContext, crowds: readonly CountingCrowd[]): Promise<void> {
  await Promise.all(crowds.map(async (crowd) => await crowd.stop()));
  const told = crowds.map(({ answers, slowest }) => `${answers} answers, slowest ${slowest.toFixed(0)} ms`);
  t.diagnostic(told.join('; '));
  for (const { answers } of crowds) assert.ok(answers > CROWD);
}
