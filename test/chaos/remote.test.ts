import { describe, it } from 'node:test';
import { EVERY_SECOND, killUnderLoad, reloadUnderLoad } from '../support/every-second.js';
import { SplitNode } from '../support/split-node.js';

describe('workers whose clients are all at the gateway of another node', () => {
  it(`reloaded ${EVERY_SECOND}: nothing is lost, doubled or reordered`, async (t) => {
    const split = await SplitNode.start();
    t.after(() => split.stop());
    const { url, log, pool } = split;
    await reloadUnderLoad(t, { url, log, reload: () => pool.reload(2000) });
  });

  it(`killed ${EVERY_SECOND}: only what a handler had begun with is lost`, async (t) => {
    await killUnderLoad(t, SplitNode);
  });
});
