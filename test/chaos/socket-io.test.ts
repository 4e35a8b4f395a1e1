import { describe, it } from 'node:test';
import { socketIoWire } from '../support/chaos-wires.js';
import { ChaosNode, type ChaosNodeOptions } from '../support/chaos-node.js';
import { type Crowd, killUnderLoad, reloadUnderLoad } from '../support/every-second.js';

/** Twelve official clients, each of which numbers its requests. */
const CROWD: Crowd = {
  clients: 12,
  rate: 15,
  times: 3,
  pause: 500,
  work: ['sync', 'async', 'query'],
  connect: socketIoWire,
};

async function start(options: ChaosNodeOptions = {}): Promise<ChaosNode> {
  const gateway = { listen: [{ url: 'ws://127.0.0.1:0', socketIo: true }] };
  return await ChaosNode.start({ ...options, events: 'chaos-requests', gateway });
}

describe('clients of Socket.IO under load', { timeout: 60_000 }, () => {
  it('reload each half second: nothing is lost, doubled or reordered', async (t) => {
    const chaos = await start();
    t.after(() => chaos.stop());
    const { url, log } = chaos;
    await reloadUnderLoad(t, { url, log, reload: () => chaos.node.reload(false) }, CROWD);
  });

  it('workers killed: only what a handler had begun with is lost', async (t) => {
    await killUnderLoad(t, { start }, { ...CROWD, times: 2 });
  });
});
