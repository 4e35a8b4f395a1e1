import type { Name } from '../api/arguments.js';
import type { Session } from '../wire/session.js';
import type { WebRequest, WebResponse } from '../worker/web-types.js';
import type { ManualClock } from './manual-clock.js';
import type { TestClient, TestMessage } from './test-client.js';

/** A line that was logged, by the application or by the framework. */
export interface LogLine {
  /** As pino counts: 20 debug, 30 info, 40 warn, 50 error. */
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** How a client comes. */
export interface ConnectOptions {
  /** Whether it comes by a websocket, with a handshake (`onWebSocketConnect`), or by a plain connection. Default: true. */
  readonly websocket?: boolean;
  /** The handshake's path. Default: `/`. */
  readonly path?: string;
  /** The handshake's query: `{ token: 'x' }`. */
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  /** The handshake's headers: `{ cookie: 'a=b' }`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The subprotocols that it offers to `onHandshake`. Default: none. */
  readonly subprotocols?: readonly string[];
  /** The subprotocol that was agreed on, if `onHandshake` does not say another. Default: none. */
  readonly subprotocol?: string;
  /** Default: `127.0.0.1`. */
  readonly remoteAddress?: string;
  /** Bound once `onConnect` and `onWebSocketConnect` are done, as after a login. */
  readonly uid?: Name;
  /** Set at the same time. */
  readonly session?: Session;
  /** Joined at the same time. */
  readonly groups?: readonly Name[];
}

/** A plain HTTP request. */
export interface RequestOptions {
  /** Default: `GET`. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Default: `127.0.0.1`. */
  readonly remoteAddress?: string;
}

/** Those who are reached by one name. */
export interface Receivers {
  /** Who is there now, of this test's clients. */
  readonly clients: readonly TestClient[];
  /** What was sent to that name so far, whether anybody was there or not. */
  readonly messages: readonly TestMessage[];
}

/** An application under test: your events, a gateway and workers, in the test's own process and without any port. */
export interface TestApp {
  /** The framework's clock: heartbeats, time limits. It stands still but for {@link advance}. */
  readonly clock: ManualClock;
  /** Everything that was logged so far, by the framework too. */
  readonly log: readonly LogLine[];
  /** The clients that are connected. */
  readonly clients: readonly TestClient[];
  /**
   * A client comes in. Resolves when `onConnect` and `onWebSocketConnect` are done.
   *
   * @throws Refused when `onHandshake` refuses it: with what that has thrown, or as the client sees it, such as 500
   */
  connect(options?: ConnectOptions): Promise<TestClient>;
  /**
   * What `onRequest` answers to a plain HTTP request, as a client gets it: 404 where there is none.
   *
   * @param request a path such as `/login?a=1`, or a whole Request
   */
  request(request: string | WebRequest, options?: RequestOptions): Promise<WebResponse>;
  /**
   * What the application's own metric of this name has counted, in all workers, with these labels and any others: 0 for
   * nothing yet.
   *
   * @param name of a histogram, `…_count` or `…_sum`
   */
  metric(name: string, labels?: Readonly<Record<string, string>>): number;
  /** Who is in a group, and what was sent to it. */
  group(group: Name): Receivers;
  /** Who is bound to a uid, and what was sent to it. */
  uid(uid: Name): Receivers;
  /**
   * Resolves when every message so far is handled, and everything that handlers have sent is where it belongs: after that,
   * what has not come will not come.
   *
   * @throws when a handler stays pending for `patience`
   */
  settled(): Promise<void>;
  /** Lets so many milliseconds pass for the framework, and waits until what that caused is done. */
  advance(milliseconds: number): Promise<void>;
  /**
   * The code is replaced, as by `gatewayworker reload`: `onWorkerStart` of the new one runs, `onHandOver` and `onTakeOver`, and
   * `onWorkerStop` of the old.
   *
   * @throws when the new code cannot run, or cannot have the state of the old
   */
  reload(): Promise<void>;
  /**
   * A worker dies, in the middle of what it does, as by `process.exit` or an exception in a timer. Resolves when another has
   * taken its place: what waited is handled there, and handlers that were pending are gone.
   *
   * @param worker which, as `worker.id` of onWorkerStart; the first by default
   */
  crash(worker?: number): Promise<void>;
  /** Everybody is disconnected, `onClose` and `onWorkerStop` run. A second call joins the first. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
