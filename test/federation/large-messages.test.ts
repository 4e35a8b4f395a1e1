import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { GatewayClient } from '#src/client/index.js';
import { Cluster, SECRET_KEY, freeAddress } from '../support/cluster.js';
import { configFolder } from '../support/config-folder.js';
import { WsClient } from '../support/ws-client.js';

const MEBIBYTE = 2 ** 20;

/** Bob's client says nothing; Ann's has messages sent to him: what way, and of how many MiB. */
const EVENTS = `import { defineEvents, Gateway } from 'gatewayworker';
const send = {
  uid: (text) => Gateway.sendToUid('bob', text),
  group: (text) => Gateway.sendToGroup('red', text),
  all: (text) => Gateway.sendToAll(text),
  bytes: (text) => Gateway.sendToUid('bob', Buffer.from(text)),
  client: async (text) => Gateway.sendToClient((await Gateway.getClientIdByUid('bob'))[0], text),
};
export default defineEvents({
  async onMessage(client, message) {
    const [how, size] = String(message).split(' ');
    if (how === 'bob') {
      client.bindUid('bob');
      client.join('red');
      client.send('here');
    } else if (how === 'session') {
      const [bob] = await Gateway.getClientIdByUid('bob');
      Gateway.setSession(bob, { big: 'x'.repeat(size * ${MEBIBYTE}) });
      Gateway.updateSession(bob, { more: 1 });
      const session = await Gateway.getSession(bob);
      client.send(session.big.length + ' ' + session.more);
    } else if (how === 'mine') {
      client.send(String(client.session.big?.length));
    } else {
      try {
        await send[how]('x'.repeat(size * ${MEBIBYTE}));
      } catch (error) {
        client.send(error.code + ' ' + error.message);
      }
    }
  },
});
`;

describe('messages above the 10 MiB of GatewayWorker, between nodes of ours', { timeout: 120_000 }, () => {
  it('pass, whatever they are addressed to, from workers and GatewayClients', async (t) => {
    const folder = await configFolder(t, { 'events/index.ts': EVENTS });
    const listen = await freeAddress();
    const cluster = new Cluster([listen]);
    t.after(() => cluster.stop());
    const events = join(folder, 'events');
    const a = await cluster.add({ name: 'a', events, register: { listen } });
    const b = await cluster.add({ name: 'b', events });
    await cluster.whole();
    const [ann, bob] = await Promise.all([WsClient.connect(a.url('ws')), WsClient.connect(b.url('ws'))]);
    bob.send('bob');
    assert.equal(await bob.next(), 'here');

    for (const [how, size] of [
      ['uid', 12],
      ['group', 12],
      ['client', 12],
      ['all', 12],
      ['bytes', 40],
    ] as const) {
      ann.send(`${how} ${size}`);
      assert.equal((await bob.next()).length, size * MEBIBYTE, `${how} ${size}`);
      if (how === 'all') assert.equal((await ann.next()).length, size * MEBIBYTE);
    }
    ann.send('session 12');
    assert.equal(await ann.next(), `${12 * MEBIBYTE} 1`);
    bob.send('mine');
    assert.equal(await bob.next(), `${12 * MEBIBYTE}`);

    const client = new GatewayClient({ registerAddress: listen, secretKey: SECRET_KEY });
    for (const size of [12, 40]) {
      client.sendToUid('bob', 'x'.repeat(size * MEBIBYTE));
      await client.drained();
      assert.equal((await bob.next()).length, size * MEBIBYTE);
    }
    await client.close();
    // what is beyond the bound is refused where it is sent, and disturbs nothing
    ann.send('uid 257');
    assert.match(String(await ann.next()), /^GW_ARGUMENT .* as every node of ours, takes 268435456 at most/);
    ann.send('uid 0');
    assert.equal(await bob.next(), '');
    const refusals = [a, b].map(async (node) => (await node.status()).cluster.refusals);
    assert.deepEqual(await Promise.all(refusals), [{}, {}]);
  });
});
