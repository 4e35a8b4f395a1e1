import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ApiClient } from '../support/api-client.js';
import { ChaosLoad } from '../support/chaos-load.js';
import { Cluster, clusterOfRoles, freeAddress } from '../support/cluster.js';
import { configFolder } from '../support/config-folder.js';
import { TextClient } from '../support/text-client.js';
import { WsClient } from '../support/ws-client.js';

const CLIENTS = 40;
const RATE = 20;
/** On a busy machine more waits for a worker than it can handle in the two seconds that are usual. */
const WORKERS = { events: 'chaos', gateway: false, worker: { count: 2, stopTimeout: 20 } } as const;

// they wait most of the time, but each starts several processes
describe('nodes of one role each', { timeout: 240_000, concurrency: 2 }, () => {
  it('a gateway without any worker has its clients wait, and serves them all once a worker comes', async (t) => {
    const cluster = new Cluster([await freeAddress()]);
    t.after(() => cluster.stop());
    // nothing depends on who is first: each waits for the others
    // a websocket waits within its handshake, since the worker that is to come may want to decide about it
    const listen = [{ url: 'text://127.0.0.1:0' }];
    const gateway = await cluster.add({ name: 'gateway', worker: false, gateway: { listen } });
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => TextClient.connect(gateway.url('text'))),
    );
    for (const client of clients) for (let n = 0; n < 50; n++) client.send(`${n}`);
    await cluster.addRegister();
    await cluster.add({ name: 'worker', events: 'echo', gateway: false, worker: { count: 2 } });
    for (const client of clients) for (let n = 0; n < 50; n++) assert.equal(await client.next(), `${n}`);
    await cluster.whole();
    const { connections, cluster: seen } = await gateway.status();
    assert.equal(connections, clients.length);
    assert.deepEqual(
      seen.workers.map(({ name, state, legacy }) => ({ name, state, legacy })),
      ['worker:0', 'worker:1'].map((name) => ({ name, state: 'ready', legacy: false })),
    );
  });

  it('a handler on another node sees where a client comes from, by IPv6 too, and talks to other workers', async (t) => {
    const cluster = await Cluster.start([], {});
    t.after(() => cluster.stop());
    const listen = [{ url: 'ws://[::1]:0' }, { url: 'ws://127.0.0.1:0' }];
    const gateway = await cluster.add({ name: 'gateway', worker: false, gateway: { listen } });
    await cluster.add({ name: 'worker', events: 'api', gateway: false });
    await cluster.whole();
    for (const [host, address] of [
      ['[::1]', '::1'],
      ['127.0.0.1', '127.0.0.1'],
    ]) {
      const url = gateway.urls.find((each) => each.includes(host)) ?? '';
      const client = await ApiClient.connect(url);
      const described = await client.call<Record<string, unknown>>('describe');
      assert.equal(described.remoteAddress, address);
      assert.equal(described.remotePort, client.ws.localPort);
      assert.equal(described.gatewayPort, Number(new URL(url).port));
      const events = await client.call<Record<string, unknown>[]>('happened');
      const [connected, handshake] = events.filter(({ id }) => id === client.id);
      assert.equal(connected.remoteAddress, address);
      assert.equal((handshake.handshake as Record<string, unknown>).remoteAddress, address);
      await client.call('sendToWorker', { name: 'worker:0' }, 'hello');
      assert.match(String(await client.ws.next()), /^at worker:0 from worker:\d: "hello"$/);
    }
  });

  it('a worker node that is stopped under load hands its clients on: nothing is lost, doubled or reordered', async (t) => {
    const { cluster, gateway } = await clusterOfRoles(t, ['w1', 'w2'], WORKERS);
    const load = await ChaosLoad.open(t, {
      url: gateway.url('ws'),
      clients: CLIENTS,
      rate: RATE,
      exact: true,
    });
    load.start();
    for (const name of ['w1', 'w2', 'w1']) {
      await load.served(CLIENTS * RATE);
      await cluster.node(name).stop();
      await cluster.whole();
      await load.served(CLIENTS * RATE * 0.3);
      await cluster.add({ ...WORKERS, name });
      await cluster.whole();
    }
    await load.stop();
    load.checkFaultless(CLIENTS * RATE * 3);
    const warnings = cluster.nodes.flatMap(({ log }) => log.filter(({ level }) => level > 30));
    assert.deepEqual(
      warnings.map(({ msg }) => msg),
      [],
    );
  });

  it('a worker node that has no time for what waits says what is lost, and its clients are served elsewhere', async (t) => {
    const worker = { count: 1, stopTimeout: 0.1 };
    const { cluster, gateway } = await clusterOfRoles(t, ['w1'], { ...WORKERS, worker });
    const client = await WsClient.connect(gateway.url('ws'));
    // the first one takes a minute, and the others wait for it
    for (const message of ['0 0 hold 60000', '0 1 sync ', '0 2 sync ']) client.send(message);
    const node = cluster.node('w1');
    await node.until('what waits', ({ workers }) => workers[0].pending === 1 && workers[0].waitingBytes > 0);
    await node.stop();
    const warnings = node.log.filter(({ level }) => level > 30).map(({ msg }) => msg);
    assert.equal(warnings.length, 2);
    assert.match(warnings[0], /^1 event that a thread had begun is not done: onMessage of [\da-f]{20}$/);
    assert.match(warnings[1], /^worker 0 has stopped with \d+ bytes of events waiting: they are lost/);
    await cluster.add({ ...WORKERS, name: 'w2' });
    client.send('0 3 sync ');
    while (!String(await client.next()).startsWith('3 '));
  });

  it('local-first: its own workers serve new clients while there are any, others while there are none', async (t) => {
    const folder = await configFolder(t);
    const closed = join(folder, 'closed');
    await mkdir(join(folder, 'events'));
    await writeFile(
      join(folder, 'events/index.ts'),
      [
        "import { existsSync } from 'node:fs';",
        "import { defineEvents } from 'gatewayworker';",
        'let name;',
        'export default defineEvents({',
        `  onWorkerStart({ node }) { if (node === 'a' && existsSync(${JSON.stringify(closed)})) throw new Error('closed today'); name = node; },`,
        "  onMessage(client, message) { if (message === 'exit') process.exit(1); client.send(name); },",
        '});',
      ].join('\n'),
    );
    const cluster = await Cluster.start(['a', 'b'], { events: join(folder, 'events') });
    t.after(() => cluster.stop());
    const [a, b] = [cluster.node('a'), cluster.node('b')];
    const early = await WsClient.connect(a.url('ws'));
    assert.equal(await serves(early), 'a');
    await writeFile(closed, '');
    early.send('exit');
    await a.logged('cannot be replaced');
    const late = await WsClient.connect(a.url('ws'));
    assert.equal(await serves(late), 'b');
    await b.until('that its worker has a client of the other node', ({ workers }) => workers[0].handled > 0);
    // the first one waits for the worker that it is bound to
    early.send('who are you?');
    await rm(closed);
    assert.equal(await early.next(), 'a');
    assert.equal(await serves(await WsClient.connect(a.url('ws'))), 'a');
    assert.equal(await serves(late), 'b');
  });

  it('a gateway node that is stopped closes its clients in good order, and is forgotten', async (t) => {
    const cluster = await Cluster.start(['g1', 'g2'], { worker: false });
    t.after(() => cluster.stop());
    await cluster.add({ name: 'worker', events: 'api', gateway: false });
    await cluster.whole();
    const [one, two] = await Promise.all(
      ['g1', 'g2'].map((name) => ApiClient.connect(cluster.node(name).url('ws'))),
    );
    await one.call('client.bindUid', 'ann');
    await one.call('session.assign', { n: 1 });
    await cluster.node('g1').stop();
    assert.deepEqual(await one.ws.closed, { code: 1001, reason: 'server is stopping' });
    // its onClose came before the link closed
    assert.equal(await two.call('untilClosed', one.id), true);
    const happened = await two.call<Record<string, unknown>[]>('happened');
    const closes = happened.filter(({ event }) => event === 'onClose');
    assert.deepEqual(
      closes.map(({ id, uid, session }) => ({ id, uid, session })),
      [{ id: one.id, uid: 'ann', session: { n: 1 } }],
    );
    await cluster.whole();
    assert.deepEqual(await two.call('getAllClientIdList'), [two.id]);
    assert.equal((await two.refusal('sendToClient', one.id, 'hi')).code, 'GW_LINK_CLOSED');
  });
});

/** The name of the node whose worker answers, in the test of local-first. */
async function serves(client: WsClient): Promise<string> {
  client.send('who are you?');
  return String(await client.next());
}
