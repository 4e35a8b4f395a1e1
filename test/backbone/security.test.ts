/** Nodes on the NATS that docs/backbone.md configures, and on one that does not let them in. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApiClient } from '../support/api-client.js';
import { DOCUMENTED_CA, documentedNats, passwordOf } from '../support/documented-nats.js';
import { freePort } from '../support/free-port.js';
import type { NatsServer } from '../support/nats.js';
import { NodeProcess } from '../support/node.js';

const WARN = 40;

async function startCell(server: NatsServer, name: string, password: string): Promise<NodeProcess> {
  return await NodeProcess.start({
    name,
    events: 'api',
    gateway: { lanPort: await freePort() },
    cluster: {
      backbone: {
        servers: [`tls://localhost:${server.port}`],
        name,
        tls: { ca: DOCUMENTED_CA },
        user: 'node',
        events: ['connect', 'close', 'message'],
      },
    },
    // as docs/backbone.md says
    env: { GW_CLUSTER_BACKBONE_PASSWORD: password, GW_LOG_LEVEL: 'trace' },
  });
}

describe('nodes on the NATS of docs/backbone.md', { timeout: 60_000 }, () => {
  const password = passwordOf('node');
  const wrong = 'another word';
  const ends: (() => Promise<void>)[] = [];
  let nodes: readonly NodeProcess[] = [];
  before(async () => {
    const server = await documentedNats({ after: (end) => ends.push(end) });
    nodes = await Promise.all([
      startCell(server, 'left', password),
      startCell(server, 'right', password),
      startCell(server, 'outside', wrong),
    ]);
  });
  after(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    for (const end of ends) await end();
  });

  it('are one whole with the least permissions', async () => {
    const [left, right] = nodes;
    const [ann, ben] = await Promise.all([left, right].map((node) => ApiClient.connect(node.url('ws'))));
    await ben.call('client.join', 'room');
    await ben.call('client.bindUid', 'ben');
    assert.equal(await ann.call('isUidOnline', 'ben'), true);
    for (const [call, ...args] of [
      ['sendToGroup', 'room', 'to the room'],
      ['sendToUid', 'ben', 'to the uid'],
      ['sendToClient', ben.id, 'to the client'],
    ] as const) {
      await ann.call(call, ...args);
      assert.equal(await ben.ws.next(), args[1]);
    }
    await ann.call('sendToAll', 'to all');
    assert.equal(await ben.ws.next(), 'to all');
    for (const { log } of [left, right]) {
      assert.deepEqual(
        log.filter(({ level }) => level >= WARN),
        [],
      );
    }
  });

  it('serve their own clients when they are not let in, and say what is wrong', async () => {
    const outside = nodes[2];
    assert.match(
      String(outside.log.find(({ level }) => level === WARN)?.msg),
      /^the backbone cannot be reached at tls:\/\/localhost:\d+: it refuses the user "node" with this password: /,
    );
    const [ann, ben] = await Promise.all([outside, outside].map((node) => ApiClient.connect(node.url('ws'))));
    await ben.call('client.join', 'room');
    await ann.call('sendToGroup', 'room', 'to the room');
    assert.equal(await ben.ws.next(), 'to the room');
  });

  it('show their passwords nowhere', async () => {
    for (const node of nodes) {
      const shown = JSON.stringify([
        node.log,
        node.errors,
        await node.status(),
        await node.command('status'),
      ]);
      assert.ok(shown.includes('localhost') && !shown.includes(password) && !shown.includes(wrong));
    }
  });
});
