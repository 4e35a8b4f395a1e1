import { compare } from './comparison.js';
import { GATEWAY, OurNode, REGISTER, WORKER } from './our-node.js';
import { PhpClient, type PhpClientOptions } from './php-client.js';
import { PhpCluster } from './php-cluster.js';
import { type Effect, Scene } from './scene.js';
import { STEPS, type Step } from './steps.js';

/** A PHP GatewayClient, before our Register and our Gateway. */

type Variant = Pick<PhpClientOptions, 'library' | 'secretKey'>;

const VARIANTS: Readonly<Record<string, Variant>> = {
  'GatewayClient without a key': {},
  'GatewayClient with a key': { secretKey: 's3cret' },
  'the Gateway class of GatewayWorker, over connections that it keeps': {
    library: 'GatewayWorker\\Lib\\Gateway',
    secretKey: 's3cret',
  },
};

for (const [name, variant] of Object.entries(VARIANTS)) {
  compare(`PHP's ${name}`, STEPS, {
    reference: async (steps) => {
      const cluster = await PhpCluster.start(variant);
      try {
        return await played(steps, cluster.gateways[0].url, { ...variant, registers: cluster.registers });
      } finally {
        await cluster.stop();
      }
    },
    play: async (steps) => {
      const { secretKey = '' } = variant;
      const node = await OurNode.start({
        gateway: GATEWAY,
        worker: WORKER,
        register: REGISTER,
        cluster: { secretKey },
      });
      try {
        return await played(steps, node.url, { ...variant, registers: [node.register] });
      } finally {
        await node.stop();
      }
    },
  });
}

async function played(steps: readonly Step[], url: string, options: PhpClientOptions): Promise<Effect[]> {
  const scene = await Scene.open(url);
  const client = new PhpClient(options);
  try {
    return await scene.play(client, steps);
  } finally {
    await client.stop();
    await scene.close();
  }
}
