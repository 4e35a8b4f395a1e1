import assert from 'node:assert/strict';
import { it } from 'node:test';
import { clientCalls, clientHas, workerHas } from './calls.js';
import { compare } from './comparison.js';
import { GATEWAY, OurNode, REGISTER, WORKER } from './our-node.js';
import type { Keep } from './parts.js';
import { PhpClient, type PhpClientOptions } from './php-client.js';
import { PhpCluster } from './php-cluster.js';
import { type Effect, Scene } from './scene.js';
import { STEPS, type Step } from './steps.js';

/** A PHP GatewayClient, before our Register and our Gateway. */

type Variant = Pick<PhpClientOptions, 'library' | 'secretKey'>;

const VARIANTS: Readonly<Record<string, Variant>> = {
  'GatewayClient, without a key': {},
  'GatewayClient, with a key': { secretKey: 's3cret' },
  'Gateway class of GatewayWorker, over connections that it keeps': {
    library: 'GatewayWorker\\Lib\\Gateway',
    secretKey: 's3cret',
  },
};

for (const [name, variant] of Object.entries(VARIANTS)) {
  const steps = STEPS.filter(variant.library === undefined ? clientHas : workerHas);
  compare(`PHP's ${name}`, steps, {
    async reference(all, keep) {
      const { gateways, registers } = await keep(PhpCluster.start(variant));
      return await perform(all, keep, gateways[0].url, { ...variant, registers });
    },
    async play(all, keep) {
      const { secretKey = '' } = variant;
      const parts = { gateway: GATEWAY, worker: WORKER, register: REGISTER, cluster: { secretKey } };
      const { url, register } = await keep(OurNode.start(parts));
      return await perform(all, keep, url, { ...variant, registers: [register] });
    },
  });
}

it('The steps make every call that GatewayClient has', () => {
  // GatewayWorker itself uses the first two; the others mean the client whose event a worker handles
  const others = ['setBusinessWorker', 'setSocketSession', 'closeCurrentClient', 'destoryCurrentClient'];
  const made = new Set([...others, ...STEPS.map(({ call }) => call)]);
  assert.deepEqual(
    clientCalls.filter((call) => !made.has(call)),
    [],
  );
});

async function perform(
  steps: readonly Step[],
  keep: Keep,
  url: string,
  options: PhpClientOptions,
): Promise<Effect[]> {
  const scene = await keep(Scene.open(url));
  return await scene.play(await keep(new PhpClient(options)), steps);
}
