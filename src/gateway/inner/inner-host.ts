import type { Clock } from '../../base/clock.js';
import type { ClusterConfig, GatewayConfig } from '../../config/schema.js';
import type { Logger } from '../../base/log.js';
import { SecretKey } from '../../net/secret-key.js';
import type { GatewayAddress } from '../../wire/client-id.js';
import { HEADER_LENGTH, MAX_FRAME_LENGTH, MAX_INNER_PACKAGE, type ReceivedFrame } from '../../wire/frame.js';
import type { CommandDesk } from '../command-desk.js';
import type { Dispatcher } from '../dispatcher.js';
import type { Interest } from '../interest.js';
import type { PhpSessions } from './php-sessions.js';

/** What a frame may hold beside a message: the clients, uids or groups that it is for. */
const EXT_SIZE = 1024 * 1024;

/** What a gateway is told of itself and its cluster. */
export interface InnerIdentity {
  /** Its inner address as others reach it: what client ids begin with. */
  readonly address: GatewayAddress;
  /** The node's name. */
  readonly node: string;
  /** The key that peers on the inner port have to know, and the seconds between two pings to them. */
  readonly cluster: Pick<ClusterConfig, 'secretKey' | 'pingInterval'>;
}

/** What holds for all peers of a gateway. */
export interface InnerSettings {
  readonly address: GatewayAddress;
  readonly node: string;
  readonly secretKey: SecretKey;
  /** Whether peers have to know a secret key. */
  readonly guarded: boolean;
  /** Milliseconds between two pings to workers. */
  readonly pingInterval: number;
  /** Bytes that may wait for a peer. */
  readonly bufferSize: number;
  /** Bytes of the longest frame that a peer may send, header included: a message as large as a client's fits. */
  readonly maxFrameLength: number;
  /** The same for our own nodes and for GatewayClients that know the key: what a worker sends in one process has no limit. */
  readonly maxNodeFrameLength: number;
}

export function innerSettings(
  config: GatewayConfig,
  { address, node, cluster }: InnerIdentity,
): InnerSettings {
  const maxFrameLength = HEADER_LENGTH + EXT_SIZE + Math.max(MAX_INNER_PACKAGE, config.maxPackageSize);
  return {
    address,
    node,
    secretKey: new SecretKey(cluster.secretKey),
    guarded: cluster.secretKey !== '',
    pingInterval: cluster.pingInterval * 1000,
    bufferSize: config.sendToWorkerBufferSize,
    maxFrameLength,
    maxNodeFrameLength: Math.max(maxFrameLength, MAX_FRAME_LENGTH),
  };
}

/** What a gateway is to those who come by its inner port. */
export interface InnerHost {
  readonly inner: InnerSettings;
  readonly clock: Clock;
  readonly log: Logger;
  /** Is told of workers: who comes, takes events again or has said something new of its state, and who is gone. */
  readonly dispatcher: Pick<Dispatcher, 'add' | 'drained' | 'remove'>;
  readonly desk: CommandDesk;
  readonly phpSessions: PhpSessions;
  readonly interest: Interest;
  /** Something that a peer did was refused: it is counted and logged. */
  innerRefused(kind: string, remoteAddress: string, error: Error): void;
}

/** Who is at the far end of an inner connection, once it has said so. */
export interface InnerRole {
  frame(frame: ReceivedFrame): void;
  drained(): void;
  closed(error?: Error): void;
}
