import type { LogLine } from './test-app.js';
import type { SocketClient } from './test-client.js';

/** How a client of a real node comes. */
export interface SocketOptions {
  /** Path and query: `/chat?token=x`. Default: `/`. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The subprotocols that it offers. */
  readonly subprotocols?: readonly string[];
}

/** A node under test: real sockets, real worker threads. */
export interface TestNode {
  /** The urls that clients connect to, in the order of the configuration, with real ports. */
  readonly urls: readonly string[];
  /** Everything that was logged so far, by your code too. */
  readonly log: readonly LogLine[];
  /** A websocket client, at the first listener that takes websockets. Resolves after its handshake. @throws Refused when that is answered with an HTTP error */
  connect(options?: SocketOptions): Promise<SocketClient>;
  /** The code is compiled anew, and replaced without a client noticing. @throws when the new code cannot run */
  reload(): Promise<void>;
  /** Everybody is disconnected, `onClose` and `onWorkerStop` run, the ports are free. A second call joins the first. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
