import type { RequestEntry } from './request-entry.js';

/** How the admin listener of a process is reached. */
export interface AdminLink {
  /** `http://127.0.0.1:8280/` */
  readonly url: string;
  /** The same with the token behind it, which the page takes from there: browsers send no fragment. A secret. */
  readonly link: string;
  /** Whether the token is the configuration's own, and not that of this start. */
  readonly ownToken: boolean;
}

const args = {};

/**
 * `{"command":"admin"}`: an AdminLink; null where there is no admin listener. It belongs to the process that the node or
 * the group runs in, which answers this itself.
 */
export const adminRequest: RequestEntry<typeof args, AdminLink | null> = {
  args,
  changes: false,
  ofNode: () => null,
  ofGroup: async () => await Promise.resolve(null),
};

/** What people are shown unasked. A token of one's own is left out: it is worth something after this start as well. */
export function shownLink({ url, link, ownToken }: AdminLink): string {
  return ownToken ? url : link;
}
