import type { Clock } from '../base/clock.js';
import { Deadlines } from '../base/deadlines.js';
import type { ClientRoute } from './client-record.js';
import type { Directory } from './directory.js';
import type { ListenerContext } from './protocols/listener-context.js';
import type { EventClient, WorkerPeer } from './worker-peer.js';
import type { Routed, Workers } from './workers.js';

/** The connection of somebody about whom a worker is asked. */
export interface Questioner {
  /** Set when it has come: its connection id, should it become a client. */
  id: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly listener: ListenerContext;
  /** Path and query: `/chat?room=1`. */
  readonly url: string;
}

/** Somebody about whom a worker is asked: bound to it as a client would be, which it is not. */
export class Guest<Connection extends Questioner> implements Routed, EventClient {
  readonly id: number;
  readonly connection: Connection;
  peer: WorkerPeer | undefined;
  route: ClientRoute | undefined;
  /** Whether that worker has been asked. */
  asked = false;
  // nothing travels with a question but the question, which has the address
  readonly address = '';
  readonly uid = undefined;
  readonly state = undefined;

  constructor(id: number, connection: Connection) {
    this.id = id;
    this.connection = connection;
  }
}

export interface QuestionsOptions<Connection extends Questioner> {
  readonly clock: Clock;
  readonly directory: Directory;
  readonly workers: Workers;
  /** Milliseconds until each has to be answered, the time without a worker included. */
  readonly limit: number;
  /** The worker for somebody; undefined while there is none. */
  readonly peerOf: (guest: Guest<Connection>) => WorkerPeer | undefined;
  /** Whether nothing has to be asked of that worker: then the guest has been taken. */
  readonly excused?: (guest: Guest<Connection>, peer: WorkerPeer) => boolean;
  /** Asks the worker. */
  readonly ask: (guest: Guest<Connection>, peer: WorkerPeer) => void;
  /** Its worker is gone, and had been asked: nobody knows how far it had come. The guest has been taken. */
  readonly lost: (guest: Guest<Connection>) => void;
  /** Its time is over. The guest has been taken. */
  readonly late: (guest: Guest<Connection>) => void;
}

/** Those about whom workers are asked, from their coming until they are taken: answered, lost, late or gone. */
export class Questions<Connection extends Questioner> {
  readonly #options: QuestionsOptions<Connection>;
  /** By connection id, oldest first. */
  readonly #guests = new Map<number, Guest<Connection>>();
  /** Those whose worker cannot be asked yet, or who have none. */
  readonly #waiting = new Set<Guest<Connection>>();
  readonly #deadlines: Deadlines<Guest<Connection>>;

  constructor(options: QuestionsOptions<Connection>) {
    this.#options = options;
    this.#deadlines = new Deadlines(options.clock, options.limit, (guest) => {
      this.take(guest.id);
      options.late(guest);
    });
  }

  get size(): number {
    return this.#guests.size;
  }

  /** Everybody's connection ids, oldest first. They may be taken meanwhile. */
  ids(): IterableIterator<number> {
    return this.#guests.keys();
  }

  /** Those whose worker has not been asked yet. They may be taken meanwhile. */
  waiting(): Iterable<Guest<Connection>> {
    return this.#waiting;
  }

  add(connection: Connection): void {
    const { directory, workers } = this.#options;
    const guest = new Guest(directory.nextId(), connection);
    connection.id = guest.id;
    this.#guests.set(guest.id, guest);
    workers.introduce(guest, connection.url);
    this.#deadlines.add(guest);
    this.#ask(guest);
  }

  /** Whoever has this connection id, who is none of these any more. Undefined when that is so already. */
  take(id: number): Guest<Connection> | undefined {
    const guest = this.#guests.get(id);
    if (guest === undefined) return undefined;
    this.#guests.delete(id);
    this.#waiting.delete(guest);
    this.#deadlines.delete(guest);
    return guest;
  }

  /** A worker came, or takes events again. */
  served(): void {
    for (const guest of this.#waiting) this.#ask(guest);
  }

  /** A worker is gone. Whoever it had been asked about is not asked about twice. */
  lost(peer: WorkerPeer): void {
    for (const guest of this.#guests.values()) {
      if (guest.peer !== peer) continue;
      if (guest.asked) {
        this.take(guest.id);
        this.#options.lost(guest);
      } else {
        this.#ask(guest);
      }
    }
  }

  /** Nobody is late any more. */
  close(): void {
    this.#deadlines.close();
  }

  #ask(guest: Guest<Connection>): void {
    const { peerOf, excused, ask } = this.#options;
    const peer = peerOf(guest);
    if (peer !== undefined && excused?.(guest, peer) === true) return;
    if (peer === undefined || peer.congested) {
      this.#waiting.add(guest);
      return;
    }
    this.#waiting.delete(guest);
    guest.asked = true;
    ask(guest, peer);
  }
}
