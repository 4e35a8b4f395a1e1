import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.js';
import type { InnerTls } from '../net/inner-socket.js';
import type { GatewayAddress } from '../wire/client-id.js';
import type { ReceivedFrame } from '../wire/frame.js';
import type { PeerIntroduction } from '../wire/worker-connect.js';

/** Whose gateway it is, and so what carries frames to and from it. */
export interface GatewayKind {
  /** Whether it is PHP's, which knows nothing that Command and Flag mark as ours. */
  readonly php: boolean;
  /** @param socket introduced, and paused; what it has to read is read from now on */
  readonly carry: (socket: Socket, options: CarrierOptions) => GatewayCarrier;
}

export interface CarrierOptions {
  /** For messages: `the gateway 10.0.0.1:2900`. */
  readonly name: string;
  readonly address: GatewayAddress;
  readonly introduction: PeerIntroduction;
  readonly tls: InnerTls | undefined;
  readonly bufferSize: number;
  readonly clock: Clock;
  /** Milliseconds between two pings, or looks at whether the gateway is still there. */
  readonly pingInterval: number;
  readonly owner: CarrierOwner;
  /** A command that could not be put into the gateway's terms: it is skipped. */
  readonly onError: (error: Error) => void;
}

/** What carries frames to and from a gateway that is up: one connection to one of ours, two to a PHP gateway. */
export interface GatewayCarrier {
  readonly bufferedBytes: number;
  /** Whether more waits than the buffer size, and `drained` is still to come. */
  readonly congested: boolean;
  /** Sends a command. `bytes` are the same frame, encoded, and do not change any more. Once it is closing, nothing is sent. */
  send(frame: ReceivedFrame, bytes: Buffer): void;
  /** The slot's state is another one. @param state bits of WorkerState */
  showState(state: number): void;
  /** Asks for no further event. Resolves when the last one has come; commands and replies go on. */
  leave(state: number): Promise<void>;
  /** Lets out what was sent, waits for what was asked, and ends. @param timeout milliseconds after which it ends in any case */
  close(timeout: number): Promise<void>;
  /** Ends at once. */
  destroy(error?: Error): void;
}

/** Who has the carrier. */
export interface CarrierOwner {
  /** An event, of whatever gateway it says it is of. */
  event(frame: ReceivedFrame): void;
  /** The answer to a query, as a REPLY frame. */
  reply(frame: ReceivedFrame): void;
  /** A word of the gateway's interest. */
  interest(frame: ReceivedFrame): void;
  /** Little waits again. */
  drained(): void;
  /** The end, once: orderly without an error. */
  closed(error?: Error): void;
}
