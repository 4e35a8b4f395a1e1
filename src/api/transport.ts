import type { GatewayAddress } from '../wire/client-id.js';
import type { Frame } from '../wire/frame.js';

/** A gateway as the API knows it. */
export interface KnownGateway extends GatewayAddress {
  /** Whether there is a link to it now. */
  readonly up: boolean;
  /** Whether it is a PHP gateway. */
  readonly php: boolean;
  /** Whether it may know of keys: one that does not leaves every client where it is. */
  readonly routes: boolean;
}

/** What the Gateway API needs of the process or thread it runs in. */
export interface Transport {
  /** The gateways that there are now. */
  gateways(): readonly KnownGateway[];
  /**
   * Sends a frame to the gateway that its local address names, or for address 0 to all that are up.
   *
   * @returns false when much waits: see {@link Transport.drained}
   * @throws GW_OVERFLOW beyond twice the buffer, GW_LINK_CLOSED without a link
   */
  send(frame: Frame): boolean;
  /** Resolves when little waits: at once when that is so now. */
  drained(): Promise<void>;
  /** A number for a query's frame, by which its reply will be known. */
  nextRequestId(): number;
  /** The session changes that this call's handler made so far are sent before what follows. */
  flushSession(): void;
  /**
   * Tells a worker's own view of a client that a call is about to change it.
   *
   * @returns flags for the frame that changes it
   */
  changing(clientId: string, change: ClientChange | RouteChange): number;
}

/** A call that asks where a client's events go. */
export interface RouteChange {
  readonly kind: 'route';
}

/** A change of a client that its own worker asked for, and need not wait for to see. */
export type ClientChange =
  | { readonly kind: 'uid'; readonly uid: string }
  | { readonly kind: 'set'; readonly session: Record<string, unknown> }
  | { readonly kind: 'update'; readonly session: Record<string, unknown> };

/** Knows which client's event is being handled: also after an await. */
export interface CurrentClient {
  /** Its client id; undefined outside a handler. */
  currentClientId(): string | undefined;
}
