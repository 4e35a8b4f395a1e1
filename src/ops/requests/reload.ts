import { graceful } from './graceful.js';
import type { RequestEntry } from './request-entry.js';

/** What is to be said of a reload that was done. */
export interface ReloadNote {
  readonly note: string;
}

const args = { graceful };

/** `{"command":"reload","graceful":false}`: null, when the new code runs; {"note":"…"} when something is to be said. */
export const reloadRequest: RequestEntry<typeof args, ReloadNote | null> = {
  args,
  changes: true,
  async ofNode(node, given) {
    await node.reload(given.graceful);
    return null;
  },
  ofGroup: async (group, given) => await group.reload(given.graceful),
};
