import assert from 'node:assert/strict';
import { it } from 'node:test';
import { GatewayClient } from '#src/client/index.js';
import { fixture } from '../support/fixtures.js';
import { NamedClient } from '../support/named-client.js';
import { OurNode } from './our-node.js';
import { withParts } from './parts.js';
import { PhpCluster } from './php-cluster.js';

/** Messages with names, of clients at a PHP gateway, which knows of no such thing: our worker's, and a GatewayClient's. */

it('Our worker takes, answers, sends and asks by names at a PHP gateway', async () => {
  await withParts(async (keep) => {
    const { gateways, registers } = await keep(PhpCluster.start({ workers: 0 }));
    const worker = { count: 1, events: fixture('events/named') };
    await keep(OurNode.start({ worker, cluster: { registerAddress: [...registers] } }));
    await gateways[0].process.reported('workerUp');
    const ann = await NamedClient.connect(gateways[0].url);
    assert.equal(await ann.call('add', { a: 1, b: 2 }), 3);
    assert.deepEqual(await ann.call('add', { a: 1 }), {
      code: 'GW_MESSAGE',
      message: '/b is missing.',
      path: '/b',
    });
    const file = { base64: 'AP+A' };
    const id = ann.request('bytes', { file });
    assert.deepEqual(await ann.next(), { event: 'bytes', data: { file, list: [] } });
    assert.deepEqual(await ann.next(), { id, data: { length: 3, isBuffer: true, lists: 0 } });

    ann.request('ask', { event: 'sure', data: 1 });
    const asked = await ann.next();
    assert.deepEqual({ ...asked, id: 0 }, { id: 0, event: 'sure', data: 1 });
    ann.emit('count');
    ann.answer(asked.id, 'yes');
    assert.equal(((await ann.next()).data as { said: unknown }).said, 'yes');

    const client = new GatewayClient({ registerAddress: registers });
    client.emitToAll('said', { file: Buffer.from([0, 255, 128]) });
    assert.deepEqual(await ann.next(), { event: 'said', data: { file } });
    await client.close();
    await ann.ws.close();
  });
});
