/** Nodes of cells find each other, and those that do not fit together say so. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiClient } from '../support/api-client.js';
import { NatsServer } from '../support/nats.js';
import { type NodeProcessOptions, NodeProcess, failToStart } from '../support/node.js';

/** A single node without a Register: nobody but NATS joins it to others. */
function single(cell: string, server: NatsServer, lanPort: number): NodeProcessOptions {
  return {
    name: `node-of-${cell}`,
    events: 'api',
    gateway: { lanPort },
    cluster: { backbone: { servers: [server.url], name: cell } },
  };
}

describe('single nodes and NATS', { timeout: 60_000 }, () => {
  it('start before it is there, and are one whole once it is; one that stops is gone at once', async (t) => {
    const server = await NatsServer.prepare(t);
    await server.configure('');
    const nodes = await Promise.all(
      [single('eu', server, 2900), single('us', server, 2901)].map(async (options) => {
        const node = await NodeProcess.start(options);
        t.after(() => node.stop());
        return node;
      }),
    );
    const [ann, bob] = await Promise.all(nodes.map(async (node) => await ApiClient.connect(node.url('ws'))));
    assert.equal(await ann.call('sendToAll', 'nobody else'), true);
    assert.deepEqual(await ann.messagesBefore('nobody else'), []);
    assert.equal(await ann.call('getAllClientIdCount'), 1);

    await server.up();
    await nodes[0].until('the other cell', ({ cluster }) => cluster.backbone?.cells.length === 1);
    await nodes[1].until('the other cell', ({ cluster }) => cluster.backbone?.cells.length === 1);
    assert.equal(await ann.call('getAllClientIdCount'), 2);
    assert.equal(await ann.call('sendToClient', bob.id, 'hello'), true);
    assert.equal(await bob.ws.next(), 'hello');

    await nodes[1].stop();
    await nodes[0].until(
      'it alone',
      ({ cluster }) => cluster.backbone?.cells.every(({ gateways }) => gateways.length === 0) === true,
    );
    assert.equal(await ann.call('getAllClientIdCount'), 1);
    const { code, message } = await ann.refusal('sendToClient', bob.id, 'gone');
    assert.equal(code, 'GW_LINK_CLOSED');
    assert.match(message, /no link to the gateway 127\.0\.0\.1:2901/);
    await ann.ws.close();
  });

  it('of two whose gateways have the same address the second one does not start, and says which', async (t) => {
    const server = await NatsServer.start(t);
    const first = await NodeProcess.start(single('eu', server, 2900));
    t.after(() => first.stop());
    const { status, output } = await failToStart(single('us', server, 2900));
    assert.equal(status, 1);
    assert.match(
      output,
      /gateway and that of the node node-of-eu of the cell eu have the same address, 127\.0\.0\.1:2900/,
    );
    assert.match(
      output,
      /this one is of the cell us\. Give each gateway an address of its own: gateway\.lanIp and gateway\.lanPort/,
    );
    assert.match(
      (await first.logged('node-of-us of the cell us is not reckoned with')).msg,
      /127\.0\.0\.1:2900/,
    );
    const { cluster } = await first.status();
    assert.deepEqual(
      cluster.backbone?.cells.flatMap(({ gateways }) => gateways),
      [],
    );
  });
});
