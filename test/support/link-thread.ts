import { parentPort, workerData } from 'node:worker_threads';
import type { Takeover, ThreadMemory } from '#src/link/ring-memory.js';
import { ThreadLink } from '#src/link/thread-link.js';
import { type Peer, servePeer } from './link-peer.js';
import { type Taking, threadPeer } from './thread-peer.js';

/** A worker thread with the thread's end of a ring link, for the test that started it. */
export interface LinkThreadData {
  readonly memory: ThreadMemory;
  readonly takeover: Takeover;
  readonly taking: Taking;
}

const { memory, takeover, taking } = workerData as LinkThreadData;
const peer: Peer = threadPeer(new ThreadLink('the slot', memory), takeover, taking);
if (parentPort !== null) servePeer(peer, parentPort);
