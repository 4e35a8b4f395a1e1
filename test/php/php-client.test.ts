import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
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
  const steps = STEPS.filter(({ clientOnly }) => !clientOnly || variant.library === undefined);
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
  const autoload = fileURLToPath(new URL('../../test/php/autoload.php', import.meta.url));
  const code = `require '${autoload}'; echo json_encode(get_class_methods('GatewayClient\\\\Gateway'));`;
  const calls = JSON.parse(execFileSync('php', ['-r', code], { encoding: 'utf8' })) as string[];
  // GatewayWorker itself uses the first two; the third means the client whose event a worker handles
  const others = ['setBusinessWorker', 'setSocketSession', 'destoryCurrentClient'];
  const made = new Set([...others, ...STEPS.map(({ call }) => call)]);
  assert.deepEqual(
    calls.filter((call) => !made.has(call)),
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
