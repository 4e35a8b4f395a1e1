import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GatewayClient } from '#src/client/index.js';
import { GATEWAY, OurNode, REGISTER, WORKER } from './our-node.js';
import { withParts } from './parts.js';
import { PhpClient } from './php-client.js';
import { PhpCluster } from './php-cluster.js';
import { Witness } from './witness.js';

const RIGHT = 's3cret';
const WRONG = 'guess';

describe('A wrong key', () => {
  // a query about a client goes to its gateway, without a Register in between
  for (const [where, call] of [
    ['a Register', 'getAllClientIdList'],
    ['a gateway', 'isOnline'],
  ]) {
    it(`of a PHP GatewayClient is refused by ${where} of ours as by one of PHP`, async () => {
      const inPhp = await withParts(async (keep) => {
        const { gateways, registers } = await keep(PhpCluster.start({ secretKey: RIGHT }));
        return await refusal(
          call,
          gateways[0].url,
          await keep(new PhpClient({ registers, secretKey: WRONG })),
        );
      });
      const byOurs = await withParts(async (keep) => {
        const cluster = { secretKey: RIGHT };
        const node = await keep(
          OurNode.start({ gateway: GATEWAY, worker: WORKER, register: REGISTER, cluster }),
        );
        const client = await keep(new PhpClient({ registers: [node.register], secretKey: WRONG }));
        return await refusal(call, node.url, client);
      });
      assert.deepEqual(byOurs, inPhp);
    });
  }

  it('of our GatewayClient is told from a cluster of PHP', async () => {
    await withParts(async (keep) => {
      const { registers } = await keep(PhpCluster.start({ secretKey: RIGHT }));
      const client = new GatewayClient({ registerAddress: registers, secretKey: WRONG });
      await assert.rejects(client.connect(), {
        name: 'GatewayError',
        code: 'GW_CLUSTER',
        message: /secretKey/,
      });
      await client.close();
    });
  });

  it('of a PHP worker keeps it out of our cluster', async () => {
    await withParts(async (keep) => {
      const cluster = { secretKey: RIGHT };
      const node = await keep(OurNode.start({ gateway: GATEWAY, register: REGISTER, cluster }));
      await keep(PhpCluster.start({ secretKey: WRONG, register: [node.register], gateways: 0 }));
      await node.logged('key');
      assert.deepEqual(node.node.status().cluster.workers, []);
    });
  });
});

/** The error of a call about a client, with the ports that differ left out. */
async function refusal(call: string, url: string, client: PhpClient): Promise<object | undefined> {
  const witness = await Witness.connect(url);
  const { error } = await client.call(call, call === 'isOnline' ? [witness.id] : []);
  await witness.close();
  return error && { ...error, message: error.message.replaceAll(/:\d+/g, ':port') };
}
