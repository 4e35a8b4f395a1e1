import { describe, it } from 'node:test';
import { ChaosNode } from '../support/chaos-node.js';
import { EVERY_SECOND, killUnderLoad } from '../support/every-second.js';

describe('workers killed under load', () => {
  it(`${EVERY_SECOND}: only what a handler had begun with is lost`, async (t) => {
    await killUnderLoad(t, ChaosNode);
  });
});
