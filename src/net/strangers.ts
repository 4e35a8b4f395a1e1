import type { Socket } from 'node:net';

/** Connections that have yet to introduce themselves, at once: from one address, and in all. Each takes a descriptor. */
const CONNECTIONS = { share: 1000, total: 2000 };
/** Bytes that those of one address have sent and that wait in memory for the rest of an introduction. One takes a few hundred. */
const BYTES_SHARE = 2 ** 22;
/** Bytes of all addresses: as many times a share. */
const SHARES = 4;

/** A connection that has yet to show that it belongs here. */
export interface Stranger {
  /** What it has sent so far waits in memory: this many bytes. */
  readonly holds: (bytes: number) => void;
  /** It has shown it, and counts no longer. */
  readonly introduced: () => void;
}

/**
 * The strangers on a port. They are bounded in number and in what they make us keep, for each address and in all, and it
 * is never the newcomer that has to go: who belongs here says so with his first bytes, so the one that has been silent the
 * longest does, or the one that has sent the most, of the address that has the most. So a real peer gets in, even from
 * the address that the crowd comes from.
 */
export class Strangers {
  /** Bytes of the longest first message, where nobody has to introduce himself: a few of them fit into a share. */
  longest = 0;
  readonly #onDropped: (remoteAddress: string, why: string) => void;
  readonly #byAddress = new Map<string, Crowd>();
  readonly #all: Crowd = { strangers: new Set(), bytes: 0 };

  /** @param onDropped is told whom room was made of: why he had to go */
  constructor(onDropped: (remoteAddress: string, why: string) => void) {
    this.#onDropped = onDropped;
  }

  get count(): number {
    return this.#all.strangers.size;
  }

  /** @param socket a connection as it was accepted; it counts until it closes, or is introduced */
  add(socket: Socket): Stranger {
    const address = socket.remoteAddress ?? 'unknown';
    const stranger: Entry = {
      socket,
      address,
      bytes: 0,
      holds: (bytes) => this.#holds(stranger, bytes),
      introduced: () => this.#remove(stranger),
    };
    let crowd = this.#byAddress.get(address);
    if (crowd === undefined) this.#byAddress.set(address, (crowd = { strangers: new Set(), bytes: 0 }));
    const { share, total } = CONNECTIONS;
    if (crowd.strangers.size >= share) {
      this.#drop(oldest(crowd), `${share} others from there have yet to say who they are`);
    } else if (this.#all.strangers.size >= total) {
      this.#drop(oldest(this.#largest('strangers')), `${total} others have yet to say who they are`);
    }
    // dropping the last of an address forgets that address
    this.#byAddress.set(address, crowd);
    crowd.strangers.add(stranger);
    this.#all.strangers.add(stranger);
    socket.once('close', stranger.introduced);
    return stranger;
  }

  #holds(stranger: Entry, bytes: number): void {
    const crowd = this.#byAddress.get(stranger.address);
    if (crowd === undefined || !crowd.strangers.has(stranger)) return;
    crowd.bytes += bytes - stranger.bytes;
    this.#all.bytes += bytes - stranger.bytes;
    stranger.bytes = bytes;
    const share = Math.max(BYTES_SHARE, this.longest * 4);
    const total = share * SHARES;
    if (crowd.bytes > share) {
      this.#drop(greediest(crowd), `others from there have sent ${share} bytes without saying who they are`);
    } else if (this.#all.bytes > total) {
      const why = `others have sent ${total} bytes without saying who they are`;
      this.#drop(greediest(this.#largest('bytes')), why);
    }
  }

  #drop(stranger: Entry, why: string): void {
    this.#remove(stranger);
    // with what it is wrapped in, such as TLS
    stranger.socket.destroy();
    this.#onDropped(stranger.address, why);
  }

  #remove(stranger: Entry): void {
    const { address, socket, bytes } = stranger;
    const crowd = this.#byAddress.get(address);
    if (crowd === undefined || !crowd.strangers.delete(stranger)) return;
    crowd.bytes -= bytes;
    this.#all.strangers.delete(stranger);
    this.#all.bytes -= bytes;
    if (crowd.strangers.size === 0) this.#byAddress.delete(address);
    socket.off('close', stranger.introduced);
  }

  #largest(by: 'strangers' | 'bytes'): Crowd {
    let largest: Crowd = { strangers: new Set(), bytes: -1 };
    for (const crowd of this.#byAddress.values()) {
      const more =
        by === 'bytes' ? crowd.bytes > largest.bytes : crowd.strangers.size > largest.strangers.size;
      if (more) largest = crowd;
    }
    return largest;
  }
}

interface Entry extends Stranger {
  readonly socket: Socket;
  readonly address: string;
  bytes: number;
}

interface Crowd {
  /** In the order in which they came. */
  readonly strangers: Set<Entry>;
  bytes: number;
}

function oldest({ strangers }: Crowd): Entry {
  return strangers.values().next().value as Entry;
}

/** It is looked for only when a limit is reached, and makes room for as much again as it had sent. */
function greediest({ strangers }: Crowd): Entry {
  return [...strangers].reduce((most, one) => (one.bytes > most.bytes ? one : most));
}
