import { GatewayError } from '../../base/errors.js';
import { graceful } from './graceful.js';
import type { RequestEntry } from './request-entry.js';

const args = { graceful };

/** `{"command":"restart","graceful":false}`: null, when every process of the group has been replaced, one after the other. */
export const restartRequest: RequestEntry<typeof args, null> = {
  args,
  changes: true,
  ofNode() {
    throw new GatewayError(
      'GW_CONTROL',
      'This node is the only one here, so nothing would hold its ports: expected a group, as start --nodes 2 runs. Restart without --rolling.',
    );
  },
  async ofGroup(group, given) {
    await group.restart(given.graceful);
    return null;
  },
};
