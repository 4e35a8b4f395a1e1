import { compare } from './comparison.js';
import { OurClient } from './our-client.js';
import { InOurWay, inOurWay } from './our-way.js';
import { PhpClient } from './php-client.js';
import { PhpCluster } from './php-cluster.js';
import { Scene } from './scene.js';
import { STEPS } from './steps.js';

/** Our GatewayClient, before a cluster of PHP alone. */

const steps = STEPS.filter(({ phpOnly }) => !phpOnly);

for (const secretKey of ['', 's3cret']) {
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
