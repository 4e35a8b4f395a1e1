import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { compare } from './comparison.js';
import { GATEWAY, OurNode, REGISTER } from './our-node.js';
import { PhpCluster } from './php-cluster.js';
import { type Effect, Scene } from './scene.js';
import { STEPS, type Step, WORKER_STEPS } from './steps.js';
import { Witness } from './witness.js';

/** A PHP BusinessWorker, before our Register and our Gateway. */

const SECRET = 's3cret';
/** Last of all, what happened to the clients: with the data of their handshakes, and their last sessions. */
const happened: Step = { call: 'happened', args: [] };

compare('A PHP worker', [...WORKER_STEPS, ...STEPS, happened], {
  reference: async (all) => {
    const cluster = await PhpCluster.start({ secretKey: SECRET });
    try {
      return await played(all, cluster.gateways[0].url);
    } finally {
      await cluster.stop();
    }
  },
  play: async (all) => {
    const joined = await startJoined();
    try {
      return await played(all, joined.node.url);
    } finally {
      await joined.stop();
    }
  },
});

describe('PHP workers at our gateway', () => {
  let joined: Joined;
  before(async () => (joined = await startJoined(2)));
  after(() => joined.stop());

  it('get bytes and long texts as they are, and give them back', async () => {
    const witness = await Witness.connect(joined.node.url);
    for (const message of ['', '你好', 'x'.repeat(1_000_000), Buffer.from([0xff, 0x00, 0x80])]) {
      witness.send(message);
      const fence = 'the end';
      witness.send(fence);
      const [echo] = await witness.seenBefore(fence);
      assert.equal(echo, `text:${Buffer.from(message as string).toString('latin1')}`);
    }
    await witness.close();
  });
});

interface Joined {
  readonly node: OurNode;
  readonly php: PhpCluster;
  stop(): Promise<void>;
}

/** Our Register and gateway, and workers of PHP. */
async function startJoined(workers = 1): Promise<Joined> {
  const node = await OurNode.start({ gateway: GATEWAY, register: REGISTER, cluster: { secretKey: SECRET } });
  const php = await PhpCluster.start({ secretKey: SECRET, register: [node.register], gateways: 0, workers });
  for (const worker of php.workers) await worker.reported('gatewayUp');
  const stop = async (): Promise<void> => {
    await php.stop();
    await node.stop();
  };
  return { node, php, stop };
}

async function played(all: readonly Step[], url: string): Promise<Effect[]> {
  const scene = await Scene.open(url);
  try {
    return await scene.play(scene.witnesses.dan, all);
  } finally {
    await scene.close();
  }
}
