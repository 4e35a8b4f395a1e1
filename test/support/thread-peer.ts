import type { Takeover } from '#src/link/ring-memory.js';
import type { ThreadLink } from '#src/link/thread-link.js';
import { Command } from '#src/wire/command.js';
import { LocalPeer } from './link-peer.js';

/** Which events a thread's end takes: all, as a business worker that is never busy, or none. */
export type Taking = 'all' | 'none';

/** The thread's end of a ring link as a peer. */
export function threadPeer(link: ThreadLink, takeover: Takeover, taking: Taking): LocalPeer {
  return new LocalPeer(
    link,
    () => link.receiveEvents(takeover),
    (frame, place) => {
      if (taking === 'all' && frame.command !== Command.REPLY) link.take(place);
    },
  );
}
