import type { ReceivedFrame } from '../wire/frame.js';

/** What carries frames to and from a gateway that is up: one connection to one of ours, two to a PHP gateway. */
export interface GatewayCarrier {
  readonly bufferedBytes: number;
  /** Whether more waits than the buffer size, and `drained` is still to come. */
  readonly congested: boolean;
  /** Sends a command. `bytes` are the same frame, encoded, and do not change any more. Once it is closing, nothing is sent. */
  send(frame: ReceivedFrame, bytes: Buffer): void;
  /** The slot's state is another one. @param state bits of WorkerState */
  announce(state: number): void;
  /** Asks for no further event. Resolves when the last one has come; commands and replies go on. */
  leave(state: number): Promise<void>;
  /** Lets out what was sent, waits for what was asked, and ends. @param timeout milliseconds after which it ends in any case */
  close(timeout: number): Promise<void>;
  /** Ends at once. */
  destroy(error?: Error): void;
}

/** Who has the carrier. */
export interface GatewayCarrierListener {
  /** An event, of whatever gateway it says it is of. */
  event(frame: ReceivedFrame): void;
  /** The answer to a query, as a REPLY frame. */
  reply(frame: ReceivedFrame): void;
  /** Little waits again. */
  drained(): void;
  /** The end, once: orderly without an error. */
  closed(error?: Error): void;
}
