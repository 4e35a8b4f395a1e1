import { compare } from './comparison.js';
import { OurNode, WORKER } from './our-node.js';
import { InOurWay, inOurWay } from './our-way.js';
import { PhpCluster } from './php-cluster.js';
import { type Effect, Scene } from './scene.js';
import { STEPS, type Step, WORKER_STEPS } from './steps.js';

/** Our BusinessWorker, before a Register and a Gateway of PHP. */

const SECRET = 's3cret';

compare(
  'Our worker',
  [...WORKER_STEPS, ...STEPS].filter(({ phpOnly }) => !phpOnly),
  {
    reference: async (steps) => {
      const cluster = await PhpCluster.start({ secretKey: SECRET });
      try {
        return await played(steps, cluster.gateways[0].url, false);
      } finally {
        await cluster.stop();
      }
    },
    play: async (steps) => {
      const cluster = await PhpCluster.start({ secretKey: SECRET, workers: 0 });
      const node = await startWorker(cluster);
      try {
        return await played(steps, cluster.gateways[0].url, true);
      } finally {
        await node.stop();
        await cluster.stop();
      }
    },
    expected: inOurWay,
  },
);

/** Resolves when every gateway of the cluster has it. */
async function startWorker({ registers, gateways }: PhpCluster): Promise<OurNode> {
  const node = await OurNode.start({
    worker: WORKER,
    cluster: { registerAddress: [...registers], secretKey: SECRET },
  });
  for (const gateway of gateways) await gateway.process.reported('workerUp');
  return node;
}

async function played(steps: readonly Step[], url: string, ours: boolean): Promise<Effect[]> {
  const scene = await Scene.open(url);
  const { dan } = scene.witnesses;
  try {
    return await scene.play(ours ? new InOurWay(dan) : dan, steps);
  } finally {
    await scene.close();
  }
}
