import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Caller } from './caller.js';
import { clientHas, secretKeys, workerHas } from './calls.js';
import { compare } from './comparison.js';
import { GATEWAY, OurNode, REGISTER, WORKER } from './our-node.js';
import { InOurWay, inOurWay } from './our-way.js';
import { withParts } from './parts.js';
import { PhpClient } from './php-client.js';
import { PhpCluster } from './php-cluster.js';
import { Scene } from './scene.js';
import { STEPS, WORKER_STEPS } from './steps.js';

/** Our BusinessWorker, before a Register and a Gateway of PHP. */

const calls = STEPS.filter(clientHas);
const steps = [...WORKER_STEPS, ...calls].filter(({ phpOnly }) => !phpOnly);
const clientOnly = new Set(calls.filter((step) => !workerHas(step)).map(({ call }) => call));

for (const secretKey of secretKeys) {
  compare(`Our worker, ${secretKey === '' ? 'without a key' : 'with a key'}`, steps, {
    async reference(all, keep) {
      const { gateways, registers } = await keep(PhpCluster.start({ secretKey }));
      const scene = await keep(Scene.open(gateways[0].url));
      const client = await keep(new PhpClient({ registers, secretKey }));
      const { dan } = scene.witnesses;
      // what a PHP worker has no call for, GatewayClient shows
      const call: Caller['call'] = (name, args) => (clientOnly.has(name) ? client : dan).call(name, args);
      return await scene.play({ call }, all);
    },
    async play(all, keep) {
      const { gateways, registers } = await keep(PhpCluster.start({ secretKey, workers: 0 }));
      const cluster = { registerAddress: [...registers], secretKey };
      await keep(OurNode.start({ worker: WORKER, cluster }));
      await gateways[0].process.reported('workerUp');
      const scene = await keep(Scene.open(gateways[0].url));
      return await scene.play(new InOurWay(scene.witnesses.dan), all);
    },
    expected: inOurWay,
  });
}

it('Our worker is told the same of the clients of a PHP gateway as of those of ours', async () => {
  const atPhp = await withParts(async (keep) => {
    const { gateways, registers } = await keep(PhpCluster.start({ workers: 0 }));
    await keep(OurNode.start({ worker: WORKER, cluster: { registerAddress: [...registers] } }));
    await gateways[0].process.reported('workerUp');
    return await events(await keep(Scene.open(gateways[0].url)));
  });
  const atOurs = await withParts(async (keep) => {
    const { url } = await keep(OurNode.start({ gateway: GATEWAY, worker: WORKER, register: REGISTER }));
    return await events(await keep(Scene.open(url)));
  });
  assert.deepEqual(atPhp, atOurs);
});

/** All that happened to the clients of a scene, of which two leave with sessions that others gave them. */
async function events(scene: Scene): Promise<unknown> {
  const { ann, bob, dan } = scene.witnesses;
  await dan.call('setSession', [ann.id, { name: '张三', nested: { list: [1, 2.5, null] } }]);
  await ann.close();
  await dan.call('untilClosed', [ann.id]);
  await bob.call('session.assign', [{ count: 1 }]);
  await dan.call('closeClient', [bob.id, 'bye']);
  await dan.call('untilClosed', [bob.id]);
  return scene.named((await dan.call('happened', [])).result);
}
