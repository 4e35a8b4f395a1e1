import type { Buffer } from 'node:buffer';
import type { GatewayError } from '../base/errors.js';
import type { GatewayAddress } from '../wire/client-id.js';
import type { Frame } from '../wire/frame.js';

/** The way to one gateway. */
export interface GatewayWay {
  readonly address: GatewayAddress;
  /** Whether it is there now: one that is not is made when it is used. */
  readonly open: boolean;
  /** Whether more waits than its buffer size. */
  readonly congested: boolean;
  /** Why nothing can be sent at present. */
  readonly failure: GatewayError | undefined;
  /** @throws GW_OVERFLOW */
  checkRoom(): void;
  /** @returns false when much waits. @throws GW_LINK_CLOSED while the gateway cannot be reached */
  send(frame: Frame): boolean;
  /** Lets out what was sent and waits for the last answers. */
  close(): Promise<void>;
}

/** Who hears what a gateway answers. */
export interface GatewayReplies {
  /** @param value PHP-serialized */
  onReply(requestId: number, value: Buffer): void;
  /** A query will not be answered. */
  onUnanswered(requestId: number): void;
}

/** Finds the ways to gateways that are reached otherwise than by a connection; undefined for one that is not. */
export type OtherWays = (replies: GatewayReplies) => (address: GatewayAddress) => GatewayWay | undefined;

/** Makes the way to the gateway of this process, which tells its answers later, and not from inside `send`. */
export type OwnWay = (replies: GatewayReplies) => GatewayWay;
