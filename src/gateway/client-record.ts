import { Queue } from '../base/queue.js';
import type { Connection } from './protocols/protocol.js';
import type { Pulse } from './pulse.js';
import type { OutboxStretch } from './outbox.js';
import { SessionState } from './session-state.js';
import type { WorkerPeer } from './worker-peer.js';
import type { RouteScope } from './workers.js';

/** An event that queues because its worker is congested, or because earlier ones of the client do. */
export interface QueuedEvent {
  readonly command: number;
  readonly flags: number;
  readonly body: Buffer;
}

/** Where the events of a client with a key go. */
export interface ClientRoute {
  readonly key: string;
  readonly scope: RouteScope;
  /** Whether its worker has still to say that nothing of it is pending there: until then its events queue. */
  moving: boolean;
}

/** A client as the gateway knows it. Fields that few clients need stay undefined: there are many idle ones. */
export class ClientRecord {
  readonly id: number;
  readonly connection: Connection;
  /** The remote IPv4 address as a number; 0 when it is not one. */
  readonly ip: number;
  /** The worker that its events go to, from the first event on. */
  peer: WorkerPeer | undefined;
  /** Set once it has a key. */
  route: ClientRoute | undefined;
  uid: string | undefined;
  groups: Set<string> | undefined;
  state: SessionState | undefined;
  /** What it is sent at the end of this tick. */
  outgoing: OutboxStretch | undefined;
  /** Events that its worker could not take yet, oldest first. */
  queued: Queue<QueuedEvent> | undefined;
  /** Heartbeat rounds since its last sign of life; -1 after one. GatewayWorker's pingNotResponseCount. */
  silentRounds = -1;
  /** What the heartbeat has seen of its connection, from its first look on. */
  pulse: Pulse | undefined;
  /** Whether its worker asked not to be sent more of its events for now. */
  pausedByWorker = false;
  /** Whether its socket is being read. */
  reading = true;
  /** Whether it was dropped because it does not read; its end has not shown yet. */
  tooSlow = false;
  /** Whether the connection is gone. */
  gone = false;

  /** The address as text where it is no IPv4 address; else ''. */
  get address(): string {
    return this.ip === 0 ? this.connection.remoteAddress : '';
  }

  constructor(id: number, connection: Connection, ip: number) {
    this.id = id;
    this.connection = connection;
    this.ip = ip;
  }

  /** Its state, made when it has none yet. */
  ensureState(): SessionState {
    this.state ??= new SessionState();
    return this.state;
  }
}
