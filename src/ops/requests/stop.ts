import { graceful } from './graceful.js';
import type { RequestEntry } from './request-entry.js';

const args = { graceful };

/** `{"command":"stop","graceful":false}`: null, when the node has stopped. */
export const stopRequest: RequestEntry<typeof args, null> = {
  args,
  changes: true,
  async ofNode(node, given) {
    await node.stop(given.graceful);
    return null;
  },
  async ofGroup(group, given) {
    await group.stop(given.graceful);
    return null;
  },
};
