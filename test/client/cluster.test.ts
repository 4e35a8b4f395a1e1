import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { GatewayClient } from '#src/client/index.js';
import { systemClock } from '#src/base/clock.js';
import { readInnerTls } from '#src/net/inner-socket.js';
import { createLogger } from '#src/base/log.js';
import { RegisterServer } from '#src/register/register-server.js';
import { ApiClient, introduce } from '../support/api-client.js';
import { fixture } from '../support/fixtures.js';
import { NodeProcess } from '../support/node.js';
import type { WsMessage } from '../support/ws-client.js';

const secretKey = 'between us';
const PEM = {
  cert: fixture('test-only-cert.pem'),
  key: fixture('test-only-key.pem'),
  ca: fixture('test-only-cert.pem'),
};

for (const [how, tls] of [
  ['in clear text', undefined],
  ['by TLS', PEM],
] as const) {
  describe(`GatewayClient and two nodes, ${how}`, { timeout: 60_000 }, () => {
    let register: RegisterServer;
    let nodes: NodeProcess[];
    let client: GatewayClient;
    /** Ann, of node A: groups red and green. Bob, of node B: red. Ann's second client, of node B: green. */
    let clients: ApiClient[];

    before(async () => {
      let coming = 2;
      let onBoth!: () => void;
      const both = new Promise<void>((resolve) => (onBoth = resolve));
      const write = (line: string): void => {
        if (line.includes('a gateway has come') && --coming === 0) onBoth();
      };
      register = await RegisterServer.open({
        listen: '127.0.0.1:0',
        secretKey,
        tls: tls && readInnerTls(tls),
        clock: systemClock,
        log: createLogger({ level: 'info', destination: { write } }),
      });
      nodes = await Promise.all(
        ['a', 'b'].map((name) =>
          NodeProcess.start({
            events: 'api',
            name: `node-${name}`,
            gateway: { listen: [{ url: 'ws://127.0.0.1:0' }], lanPort: 0 },
            cluster: { registerAddress: [register.address], secretKey, tls },
          }),
        ),
      );
      await both;
      const [a, b] = nodes;
      clients = await Promise.all([a, b, b].map((node) => ApiClient.connect(node.url('ws'))));
      await introduce(clients);
      client = new GatewayClient({ registerAddress: register.address, secretKey, tls });
    });
    after(async () => {
      await client.close();
      await Promise.all(nodes.map((node) => node.stop()));
      await register.close();
    });

    /** What everybody gets of a send. */
    async function received(send: () => boolean): Promise<WsMessage[][]> {
      assert.equal(send(), true);
      client.sendToAll('end');
      // an answer, by which it is known that what came before has been handled
      await client.getAllClientIdCount();
      await Promise.all(clients.map((each) => each.call('describe')));
      return await Promise.all(clients.map((each) => each.messagesBefore('end')));
    }

    it('sends to workers: one by its name, or the owner of a key in all of the cluster', async () => {
      const [ann, bob] = clients;
      const bytes = Buffer.from([1, 255]);
      const sent: readonly (readonly [to: string | { name: string }, data: unknown, told: RegExp])[] = [
        [{ name: 'node-b:0' }, bytes, /^at node-b:0 from outside: \{"type":"Buffer","data":\[1,255\]\}$/],
        [{ name: 'node-a:0' }, [1], /^at node-a:0 from outside: \[1\]$/],
      ];
      for (const [to, data, told] of sent) {
        assert.equal(client.sendToWorker(to, data), true);
        for (const each of [ann, bob]) assert.match(String(await each.ws.next()), told);
      }
      client.sendToWorker('tea', 'client');
      await ann.call('sendToWorker', 'tea', 'worker', { scope: 'cluster' });
      const owners = [await bob.ws.next(), await bob.ws.next()].map((told) => String(told).split(' ')[1]);
      assert.equal(owners[0], owners[1]);
      client.sendToAll('read');
      for (const each of clients) await each.messagesBefore('read');
      assert.throws(() => client.sendToWorker('', 1), { code: 'GW_ARGUMENT' });
    });

    it('sends to clients on every node', async () => {
      const [ann, bob] = clients;
      const binary = Buffer.from([0, 255]);
      assert.deepEqual(await received(() => client.sendToAll(binary)), [[binary], [binary], [binary]]);
      assert.deepEqual(await received(() => client.sendToAll('x', { exclude: ann.id })), [[], ['x'], ['x']]);
      assert.deepEqual(await received(() => client.sendToAll('x', { clientIds: [ann.id, bob.id] })), [
        ['x'],
        ['x'],
        [],
      ]);
      assert.deepEqual(await received(() => client.sendToClient(bob.id, 'x')), [[], ['x'], []]);
      assert.deepEqual(await received(() => client.sendToUid('ann', 'x')), [['x'], [], ['x']]);
      assert.deepEqual(await received(() => client.sendToGroup(['red', 'green'], 'x')), [
        ['x'],
        ['x'],
        ['x'],
      ]);
      assert.deepEqual(await received(() => client.sendToGroup('red', 'x', { exclude: [bob.id] })), [
        ['x'],
        [],
        [],
      ]);
    });

    it('sends by name to clients on every node, with bytes as text', async () => {
      const [ann, bob] = clients;
      const said = '{"event":"said","data":{"bytes":{"base64":"AP8="}}}';
      const data = { bytes: Buffer.from([0, 255]) };
      const { id: exclude } = ann;
      assert.deepEqual(await received(() => client.emitToAll('said', data)), [[said], [said], [said]]);
      assert.deepEqual(await received(() => client.emitToAll('said', data, { exclude })), [
        [],
        [said],
        [said],
      ]);
      assert.deepEqual(await received(() => client.emitToClient(bob.id, 'bye')), [
        [],
        ['{"event":"bye"}'],
        [],
      ]);
      assert.deepEqual(await received(() => client.emitToUid('ann', 'said', data)), [[said], [], [said]]);
      assert.deepEqual(await received(() => client.emitToGroup('red', 'said', data, { exclude })), [
        [],
        [said],
        [],
      ]);
    });

    it('asks every node', async () => {
      const [ann, bob, ann2] = clients;
      assert.equal(await client.getAllClientIdCount(), 3);
      assert.deepEqual(new Set(await client.getClientIdByUid('ann')), new Set([ann.id, ann2.id]));
      assert.deepEqual({ ...(await client.getAllGroupClientIdCount()) }, { red: 2, green: 2 });
      assert.equal(await client.getUidByClientId(bob.id), 'bob');
      assert.deepEqual({ ...(await client.isUidsOnline(['ann', 'eve'])) }, { ann: true, eve: false });
      assert.equal(await client.isOnline(`${bob.id.slice(0, 12)}00000000`), false);
    });

    it('reads the sessions of handlers, and handlers read what it sets', async () => {
      const [ann, bob] = clients;
      await ann.call('session.assign', { name: 'Ann', deep: { list: [1, 2.5, null] } });
      // written when the handler is done, and that is before its client's next event
      await ann.call('describe');
      assert.deepEqual(await client.getSession(ann.id), { name: 'Ann', deep: { list: [1, 2.5, null] } });
      client.updateSession(ann.id, { deep: { list: [9], more: 'ü' } });
      assert.deepEqual(await client.getSession(ann.id), {
        name: 'Ann',
        deep: { list: [9, 2.5, null], more: 'ü' },
      });
      client.setSession(bob.id, { from: 'outside', n: 1 });
      assert.deepEqual(await client.getSession(bob.id), { from: 'outside', n: 1 });
      assert.deepEqual(await bob.call('session'), { from: 'outside', n: 1 });
      await bob.call('session.assign', { n: 2 });
      await bob.call('describe');
      const sessions = await client.getAllClientSessions();
      assert.deepEqual(sessions[bob.id], { from: 'outside', n: 2 });
      assert.equal(await client.getSession(`${bob.id.slice(0, 12)}00000000`), null);
    });

    it('closes clients, and knows which are gone', async () => {
      const [ann, , ann2] = clients;
      client.closeClient(ann2.id, 'go home');
      assert.deepEqual(await ann2.ws.next(), 'go home');
      await ann2.ws.closed;
      client.destroyClient(ann.id);
      await ann.ws.closed;
      // their node hears of it in its own time
      for (const { id } of [ann, ann2]) while (await client.isOnline(id));
      assert.deepEqual(await client.getAllUidList(), ['bob']);
    });
  });
}
