import assert from 'node:assert/strict';
import { it } from 'node:test';
import { clientHas, hasBatches, secretKeys } from './calls.js';
import { compare } from './comparison.js';
import { OurClient } from './our-client.js';
import { OurNode, WORKER } from './our-node.js';
import { InOurWay, inOurWay } from './our-way.js';
import { withParts } from './parts.js';
import { PhpClient } from './php-client.js';
import { PhpCluster } from './php-cluster.js';
import { Scene } from './scene.js';
import { STEPS } from './steps.js';

/** Our GatewayClient, before a cluster of PHP alone. */

const steps = STEPS.filter(clientHas).filter(({ phpOnly }) => !phpOnly);

for (const secretKey of secretKeys) {
  compare(`Our GatewayClient, ${secretKey === '' ? 'without a key' : 'with a key'}`, steps, {
    async reference(all, keep) {
      const { gateways, registers } = await keep(PhpCluster.start({ secretKey }));
      const scene = await keep(Scene.open(gateways[0].url));
      return await scene.play(await keep(new PhpClient({ registers, secretKey })), all);
    },
    async play(all, keep) {
      const { gateways, registers } = await keep(PhpCluster.start({ secretKey }));
      const scene = await keep(Scene.open(gateways[0].url));
      return await scene.play(new InOurWay(await keep(new OurClient({ registers, secretKey }))), all);
    },
    expected: inOurWay,
  });
}

// PHP has nothing to compare with: its own classes wait for an answer that does not come
if (!hasBatches) {
  for (const who of ['client', 'worker']) {
    it(`Our ${who} asks a gateway name by name that does not know the batch calls`, async () => {
      await withParts(async (keep) => {
        const { gateways, registers } = await keep(PhpCluster.start({ workers: who === 'worker' ? 0 : 1 }));
        if (who === 'worker') {
          await keep(OurNode.start({ worker: WORKER, cluster: { registerAddress: [...registers] } }));
          await gateways[0].process.reported('workerUp');
        }
        const scene = await keep(Scene.open(gateways[0].url));
        const { ann, bob, dan } = scene.witnesses;
        const caller = who === 'worker' ? dan : await keep(new OurClient({ registers, secretKey: '' }));
        for (const { id } of [ann, bob]) {
          await caller.call('bindUid', [id, '9007199254740993']);
          await caller.call('joinGroup', [id, 'red']);
        }
        for (let round = 0; round < 2; round++) {
          // all at once: none may get the answer of another one
          const answers = await Promise.all([
            caller.call('isUidsOnline', [['9007199254740993', 'none']]),
            caller.call('batchGetClientIdByUid', [['none', '9007199254740993']]),
            ...[ann, bob].map(({ id }) => caller.call('getSession', [id])),
            caller.call('batchGetClientIdCountByGroup', [['red', 'none']]),
            caller.call('getAllClientIdCount', []),
          ]);
          assert.deepEqual(JSON.parse(JSON.stringify(answers.map(({ result, error }) => error ?? result))), [
            { '9007199254740993': true, none: false },
            { none: [], '9007199254740993': [ann.id, bob.id] },
            {},
            {},
            { red: 2, none: 0 },
            4,
          ]);
        }
      });
    });
  }
}
