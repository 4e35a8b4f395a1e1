import type { Clock } from '../clock.js';
import type { Link } from '../link/link.js';
import type { Logger } from '../log.js';
import type { SecretKey } from '../secret-key.js';
import type { GatewayAddress } from '../wire/client-id.js';
import type { ReceivedFrame } from '../wire/frame.js';
import type { WorkerPeer } from './worker-peer.js';

/** What a gateway is to those who come by its inner port. */
export interface InnerHost {
  readonly address: GatewayAddress;
  /** The node's name. */
  readonly node: string;
  readonly secretKey: SecretKey;
  /** Whether peers have to know a secret key. */
  readonly guarded: boolean;
  /** Milliseconds between two pings to workers. */
  readonly pingInterval: number;
  /** Bytes that may wait for a peer. */
  readonly bufferSize: number;
  /** Bytes of the longest frame that a peer may send, header included. */
  readonly maxFrameLength: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** A worker came; its frames, its room and its end are reported by the calls below. */
  join(peer: WorkerPeer): void;
  /** A worker is gone, or about to be closed: its clients are bound to others. */
  leave(peer: WorkerPeer): void;
  /** A worker takes events again, or said something new of its state. */
  drained(peer: WorkerPeer): void;
  /** Carries out a command or answers a query. @throws GatewayError when it cannot */
  command(link: Link, frame: ReceivedFrame): void;
  /** Something that a peer did was refused: it is counted and logged. */
  innerRefused(kind: string, remoteAddress: string, error: Error): void;
}

/** Who is at the far end of an inner connection, once it has said so. */
export interface InnerRole {
  frame(frame: ReceivedFrame): void;
  drained(): void;
  closed(error?: Error): void;
}
