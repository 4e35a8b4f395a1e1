import type { Caller } from './caller.js';
import { compare } from './comparison.js';
import { OurNode, WORKER } from './our-node.js';
import { InOurWay, inOurWay } from './our-way.js';
import { PhpClient } from './php-client.js';
import { PhpCluster } from './php-cluster.js';
import { Scene } from './scene.js';
import { STEPS, WORKER_STEPS } from './steps.js';

/** Our BusinessWorker, before a Register and a Gateway of PHP. */

const steps = [...WORKER_STEPS, ...STEPS].filter(({ phpOnly }) => !phpOnly);
const clientOnly = new Set(steps.filter((step) => step.clientOnly).map(({ call }) => call));

for (const secretKey of ['', 's3cret']) {
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
