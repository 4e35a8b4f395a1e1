import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ConnectionPage } from '#src/ops/requests/connections.js';
import { App, groupConfig, LIMIT, NODES, type Outcome, TextClient } from './app.js';

/** Clients are told which process they are in, and can ask for something that concerns all of them. */
const EVENTS = `import { defineEvents, Gateway } from 'gatewayworker';
export default defineEvents({
  onConnect: (client) => client.send(String(process.pid)),
  async onMessage(client, message) {
    if (message === 'all') Gateway.sendToAll('to all');
    else if (message === 'count') client.send(String(await Gateway.getAllClientIdCount()));
    else client.send('one ' + message);
  },
});
`;

/** A client, and the process that it is in. */
interface Placed {
  readonly client: TextClient;
  readonly pid: number;
}

describe('nodes that share the ports', { timeout: 20 * LIMIT, skip: process.platform === 'win32' }, () => {
  let app: App;
  let clients: TextClient[];

  beforeEach(async () => {
    app = await App.create();
    clients = [];
    await app.write('events/index.ts', EVENTS);
    await app.write('gatewayworker.config.json', JSON.stringify(groupConfig()));
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    await app.close();
  });

  async function connect(url: string): Promise<Placed> {
    const client = new TextClient(url);
    clients.push(client);
    return { client, pid: Number(await client.next()) };
  }

  /** A client in each process, once all of them know each other. */
  async function clientInEach(url: string): Promise<Placed[]> {
    const before = clients.length;
    const found = new Map<number, Placed>();
    while (found.size < NODES) {
      const placed = await connect(url);
      found.set(placed.pid, placed);
    }
    const placed = [...found.values()];
    const total = String(clients.length);
    for (const { client } of placed) while ((await client.ask('count')) !== total) await delay(5);
    assert.ok(clients.length <= before + 2 * NODES, 'connections are handed out in turn');
    return placed;
  }

  it('are replaced one after the other by restart --rolling, and the port is never closed', async () => {
    await app.write('events/index.ts', EVENTS.replace("'one '", "'old '"));
    const node = await app.start('--nodes', String(NODES));
    const [url] = node.listeners;
    const before = await clientInEach(url);
    await app.write('events/index.ts', EVENTS.replace("'one '", "'new '"));
    const restart = { outcome: undefined as Outcome | undefined };
    void app.run('restart', '--rolling').then((outcome) => (restart.outcome = outcome));
    let came = 0;
    for (; restart.outcome === undefined; came++) await connect(url);
    const { status, out, error } = restart.outcome;
    assert.deepEqual([status, error], [0, '']);
    assert.match(out, /^restarted, one node after the other \(pid \d+\)$/m);
    assert.ok(came > 10, `${came} clients have come meanwhile`);
    const after = await app.members();
    for (const { pid } of before) assert.ok(!after.includes(pid), 'each has another process');
    assert.equal(await (await connect(url)).client.ask('hi'), 'new hi');
  });

  it('serve as one, whichever of them a client is in', async () => {
    const node = await app.start('--nodes', String(NODES));
    const [url] = node.listeners;
    const [here, there] = await clientInEach(url);
    const all = here.client.ask('all');
    assert.deepEqual([await all, await there.client.next()], ['to all', 'to all']);

    const { connections, listeners, members, workers, pid, roles } = await app.status();
    assert.deepEqual(
      [connections, listeners, workers.length, pid, roles],
      [
        clients.length,
        [{ url, connections: clients.length, certificate: null }],
        NODES,
        node.process.pid,
        ['gateway', 'worker', 'register'],
      ],
    );
    assert.deepEqual(new Set(members?.map((member) => member.pid)), new Set([here.pid, there.pid]));
    assert.match((await app.run('status')).out, new RegExp(`^ +0 +${members?.[0].pid} +up `, 'm'));
    const page: ConnectionPage = JSON.parse((await app.run('connections', '--json')).out);
    assert.deepEqual([page.total, page.connections.length], [clients.length, clients.length]);
    const ids = page.connections.map(({ clientId }) => clientId);
    assert.equal(new Set(ids).size, clients.length);

    assert.equal((await app.run('stop')).status, 0);
    assert.equal(await node.ended(), 0);
    assert.equal(await there.client.next(), undefined);
    for (const gone of [here.pid, there.pid]) assert.throws(() => process.kill(gone, 0), { code: 'ESRCH' });
    assert.deepEqual(await app.leftovers(), []);
  });

  it('are reloaded under load, and nothing is lost', async () => {
    const node = await app.start('--nodes', String(NODES));
    const placed = await clientInEach(node.listeners[0]);
    const load = { on: true };
    const loads = placed.map(async ({ client }) => {
      let last = '';
      for (let number = 0; load.on || !last.startsWith('two'); number++) {
        const answer = await client.ask(String(number));
        assert.match(String(answer), new RegExp(`^(?:one|two) ${number}$`));
        last = String(answer);
      }
    });
    await app.write('events/index.ts', EVENTS.replace('one ', 'two '));
    assert.equal((await app.run('reload')).error, '');
    load.on = false;
    await Promise.all(loads);
    assert.equal((await app.status()).reloads, 1);

    await app.write('events/index.ts', 'const oops = ;');
    assert.match((await app.run('reload')).error, /^gatewayworker: events\/ does not compile:/);
    for (const { client } of placed) assert.equal(await client.ask('?'), 'two ?');
  });

  it('lose the clients of one that is killed, and no others', async () => {
    const node = await app.start('--nodes', String(NODES));
    const [url] = node.listeners;
    const [doomed, other] = await clientInEach(url);
    const load = { on: true };
    const answered = (async () => {
      for (let number = 0; load.on; number++)
        assert.equal(await other.client.ask(String(number)), `one ${number}`);
    })();
    process.kill(doomed.pid, 'SIGKILL');
    assert.equal(await doomed.client.next(), undefined);
    await node.logs(/#[01] died with signal SIGKILL; it is started again in 1 s$/);
    // whoever comes meanwhile is served by the other
    assert.equal((await connect(url)).pid, other.pid);
    await app.until(({ members }) => members?.every(({ state }) => state === 'up'));
    load.on = false;
    await answered;
    for (const client of clients) if (client !== other.client) client.close();
    await app.until(({ connections }) => connections <= 1);
    clients = [other.client];
    const again = await clientInEach(url);
    assert.ok(again.every(({ pid }) => pid !== doomed.pid));
  });

  it('name one that stands still and do not wait for it; it has the new code when it goes on', async () => {
    const node = await app.start('--nodes', String(NODES));
    const placed = await clientInEach(node.listeners[0]);
    const [still, other] = await app.members();
    const [there, here] = [still, other].map((pid) => placed.find((one) => one.pid === pid));
    process.kill(Number(still), 'SIGSTOP');
    const page: ConnectionPage = JSON.parse((await app.run('connections', '--json')).out);
    assert.match(String(page.missing), /^[^,]*#0$/);
    assert.ok(page.total > 0 && page.total < clients.length, `${page.total} of ${clients.length}`);
    await app.write('events/index.ts', EVENTS.replace('one ', 'two '));
    const reload = await app.run('reload');
    assert.match(reload.out, /^reloaded \(pid \d+\)\n.*#0 did not answer: /, reload.error);
    assert.equal(await here?.client.ask('?'), 'two ?');
    process.kill(Number(still), 'SIGCONT');
    while ((await there?.client.ask('?')) !== 'two ?');
    assert.deepEqual(await app.members(), [still, other]);
  });
});
