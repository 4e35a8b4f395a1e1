import type { SocketClass } from './socket.js';

/**
 * `connecting`: until the server has greeted; `open`; `waiting`: for the next attempt; `closed`: for good, by either side.
 *
 *     connecting ──► open ──► waiting ──► connecting …          each ──► closed
 *          └────────────────────►┘
 */
export type State = 'connecting' | 'open' | 'waiting' | 'closed';

/** How a connection ended. */
export interface End {
  /** A websocket's close code; 1006 where nothing was said, and where the handshake was refused, of which no page is told more. */
  readonly code: number;
  readonly reason: string;
}

/** How it ended for now. */
export interface Interruption extends End {
  /** Milliseconds until the next attempt. */
  readonly pause: number;
}

/** Where to connect to. A path is one of the page's own host; `https:` is taken as `wss:`, and `http:` as `ws:`. */
export type Address = string | { readonly href: string };

export interface ConnectOptions {
  /** Subprotocols that are offered beside `gatewayworker.v1`, such as one that is a token. */
  readonly protocols?: readonly string[];
  /** Messages that may wait while there is no connection. Default: 1000. */
  readonly queue?: number;
  /** Milliseconds that a request waits for its answer, unless it says otherwise. Default: 10,000. */
  readonly timeout?: number;
  /**
   * Whether to connect again after such an end. Default: not after 1000 and codes from 3000 on, which are what the server's
   * code closes a client with.
   */
  readonly again?: (end: End) => boolean;
  /** That of the package `ws`, where there is no global one: Node before 22. */
  readonly WebSocket?: SocketClass;
}

export interface RequestOptions {
  /** Milliseconds from the call on, those without a connection included. */
  readonly timeout?: number;
}
