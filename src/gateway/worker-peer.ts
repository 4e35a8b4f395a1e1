import type { Link } from '../link/link.js';
import { Flag, WorkerState } from '../wire/command.js';
import type { Frame } from '../wire/frame.js';
import { hashOf } from './rendezvous.js';
import type { SessionState } from './session-state.js';

const EMPTY = Buffer.alloc(0);

export interface WorkerPeerOptions {
  /** Where it is, `host:port`; empty for a worker of this process. */
  readonly address?: string;
  /** What it is called where its link has no better name. */
  readonly name?: string;
  /** Whether it is a worker of this process: what `local-first` prefers. */
  readonly local: boolean;
  /** Whether it is told that a client sends no more, and answers when it has handled everything before. Default: true. */
  readonly hearsEnds?: boolean;
  /** Whether it can be a key's owner, and gives clients back that go to another one. Default: true. */
  readonly routes?: boolean;
  /** Bits of WorkerState. A worker that does not speak of its state is as ready as its link. */
  readonly state?: number;
}

/** A worker as `status` shows it. */
export interface WorkerPeerStatus {
  readonly name: string;
  readonly address: string;
  readonly local: boolean;
  /** Whether it is PHP's. */
  readonly legacy: boolean;
  readonly clients: number;
  /** Bytes on their way to it. */
  readonly bufferedBytes: number;
  readonly state: 'ready' | 'unready' | 'congested' | 'leaving' | 'closing';
}

/** What a worker is told of a client with its every event. */
export interface EventClient {
  readonly id: number;
  readonly address: string;
  readonly uid: string | undefined;
  readonly state: SessionState | undefined;
}

/** A business worker as the gateway sees it: a link, and how many clients are bound to it. */
export class WorkerPeer {
  readonly link: Link;
  readonly name: string;
  readonly address: string;
  readonly local: boolean;
  readonly hearsEnds: boolean;
  readonly routes: boolean;
  /** Of its name. */
  readonly hash: number;
  /**
   * Whether it has been ready: from then on it owns keys, also while it has no thread, since events wait for the next. A
   * worker of this process has, when the first client comes.
   */
  served: boolean;
  /** What it says of itself: bits of WorkerState. */
  state: number;
  /** Clients bound to it. */
  clients = 0;
  /** Bytes of other workers' messages that were sent to it since it last said how it is. */
  messageBytes = 0;

  constructor(link: Link, options: WorkerPeerOptions) {
    this.link = link;
    this.name = options.name ?? link.name;
    this.address = options.address ?? '';
    this.local = options.local;
    this.hearsEnds = options.hearsEnds ?? true;
    this.routes = options.routes ?? true;
    this.served = options.local;
    this.hash = hashOf(this.name);
    this.state = options.state ?? WorkerState.READY;
  }

  get legacy(): boolean {
    return false;
  }

  get open(): boolean {
    return this.link.state === 'open';
  }

  /** Whether new clients may be bound to it. */
  get ready(): boolean {
    return (this.state & (WorkerState.READY | WorkerState.LEAVING)) === WorkerState.READY && this.link.ready;
  }

  /** Whether other workers' messages can go to it, ready or not. */
  get reachable(): boolean {
    return this.routes && this.open && (this.state & WorkerState.LEAVING) === 0;
  }

  /** Whether it may be a key's owner. */
  get mayOwn(): boolean {
    return this.served && this.reachable;
  }

  /** Whether websockets that would be bound to it are asked about first. */
  get handshakes(): boolean {
    return (this.state & WorkerState.HANDSHAKES) !== 0 || this.link.handshakes;
  }

  /** Whether it answers plain HTTP requests. */
  get requests(): boolean {
    return (this.state & WorkerState.REQUESTS) !== 0 || this.link.requests;
  }

  /** Whether its clients' events have to wait. */
  get congested(): boolean {
    return (this.state & (WorkerState.CONGESTED | WorkerState.LEAVING)) !== 0 || this.link.congested;
  }

  /**
   * Bytes of events that wait for it. One of another node that says that it is behind has a buffer full of them, and what it
   * was sent since.
   */
  waitingBytes(bufferSize: number): number {
    const { bufferedBytes } = this.link;
    return (this.state & WorkerState.CONGESTED) === 0
      ? bufferedBytes
      : bufferSize + this.messageBytes + bufferedBytes;
  }

  /** Whether it is behind: clients that send much have to wait, and all others may go on. */
  get full(): boolean {
    return this.congested || this.link.full;
  }

  /**
   * Tells it what a client has done.
   *
   * @param event complete but for its ext_data
   * @returns as {@link Link.send}
   */
  send(event: Frame, client: EventClient): boolean {
    if (client.state === undefined) {
      event.ext = EMPTY;
    } else {
      event.flags |= Flag.STATE;
      event.ext = client.state.ext(client.address, client.uid ?? '');
    }
    return this.link.send(event);
  }

  get status(): WorkerPeerStatus {
    const { name, address, local, legacy, clients, link } = this;
    return {
      name,
      address,
      local,
      legacy,
      clients,
      bufferedBytes: link.bufferedBytes,
      state: this.#stateName,
    };
  }

  get #stateName(): WorkerPeerStatus['state'] {
    if (!this.open) return 'closing';
    if ((this.state & WorkerState.LEAVING) !== 0) return 'leaving';
    if (this.congested) return 'congested';
    return this.ready ? 'ready' : 'unready';
  }
}
