import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import { memoryLinkPair } from './memory-link.js';
import type { Takeover, ThreadMemory } from '#src/link/ring-memory.js';
import { SlotLink } from '#src/link/slot-link.js';
import { TcpLink } from '#src/link/tcp-link.js';
import { ThreadLink } from '#src/link/thread-link.js';
import { Doorbell } from '#src/ring/doorbell.js';
import { LocalPeer, type Peer, remotePeer } from './link-peer.js';
import type { LinkThreadData } from './link-thread.js';
import { threadPeer } from './thread-peer.js';

/** Both ends of a link, neither of which listens yet. */
export interface LinkPair {
  readonly near: Peer;
  readonly far: Peer;
  release(): Promise<void>;
}

/** A kind of link, and what the conformance suite has to know of it. */
export interface Carrier {
  readonly name: string;
  /**
   * Whether the end of this side is the end of the other one as well. A slot outlives the threads that serve it, so that
   * the end of a thread's link is not the end of its slot's.
   */
  readonly endsOther: { readonly near: boolean; readonly far: boolean };
  open(bufferSize: number): Promise<LinkPair>;
}

export const MAX_FRAME_LENGTH = 10 * 1024 * 1024;

const memory: Carrier = {
  name: 'memory',
  endsOther: { near: true, far: true },
  async open(bufferSize) {
    const [near, far] = memoryLinkPair(bufferSize).map((link) => new LocalPeer(link));
    return { near, far, release: async () => void (await near.destroy()) };
  },
};

const tcp: Carrier = {
  name: 'TCP',
  endsOther: { near: true, far: true },
  async open(bufferSize) {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [[accepted]] = await Promise.all([once(server, 'connection'), once(socket, 'connect')]);
    const [near, far] = [socket, accepted].map(
      (end) => new LocalPeer(new TcpLink(end, { name: 'tcp', bufferSize, maxFrameLength: MAX_FRAME_LENGTH })),
    );
    return {
      near,
      far,
      async release() {
        await Promise.all([near.destroy(), far.destroy()]);
        await new Promise((resolve) => server.close(resolve));
      },
    };
  },
};

/** A slot's end, served as a pool serves its own. `end` ends that. */
export function openSlot(bufferSize: number): { slot: SlotLink; polls: () => number; end: () => void } {
  const doorbell = new Doorbell();
  const slot = new SlotLink({
    name: 'slot 0',
    doorbell,
    eventBufferSize: bufferSize,
    commandBufferSize: bufferSize,
    onError(error) {
      throw error;
    },
  });
  let polls = 0;
  doorbell.serve(() => {
    polls++;
    return slot.poll();
  });
  // waiting on a doorbell does not keep a process alive; a test that hangs shall not either
  const alive = setTimeout(() => {}, 60_000);
  return {
    slot,
    polls: () => polls,
    end() {
      clearTimeout(alive);
      slot.destroy();
      doorbell.close();
    },
  };
}

/** A real thread with the thread's end of a ring link. */
export async function startLinkThread(
  threadMemory: ThreadMemory,
  takeover: Takeover,
  taking: LinkThreadData['taking'],
): Promise<{ peer: Peer; worker: Worker }> {
  const workerData: LinkThreadData = { memory: threadMemory, takeover, taking };
  const worker = new Worker(new URL('./link-thread.js', import.meta.url), { workerData });
  return { worker, peer: await remotePeer(worker) };
}

const ring: Carrier = {
  name: 'ring',
  endsOther: { near: true, far: false },
  async open(bufferSize) {
    const { slot, end } = openSlot(bufferSize);
    const threadMemory = slot.attach();
    const takeover = slot.serveBy(threadMemory.number);
    const far = threadPeer(new ThreadLink('the slot', threadMemory), takeover, 'all');
    void far.ended().then(() => slot.detach(threadMemory.number));
    return {
      near: new LocalPeer(slot),
      far,
      async release() {
        await far.destroy();
        end();
      },
    };
  },
};

const ringAcrossThreads: Carrier = {
  name: 'ring to another thread',
  endsOther: { near: true, far: false },
  async open(bufferSize) {
    const { slot, end } = openSlot(bufferSize);
    const threadMemory = slot.attach();
    const takeover = slot.serveBy(threadMemory.number);
    const { peer, worker } = await startLinkThread(threadMemory, takeover, 'all');
    void peer.ended().then(() => slot.detach(threadMemory.number));
    return {
      near: new LocalPeer(slot),
      far: peer,
      async release() {
        await worker.terminate();
        end();
      },
    };
  },
};

export const carriers: readonly Carrier[] = [memory, tcp, ring, ringAcrossThreads];
