import { GatewayError } from '../base/errors.js';
import type { UserConfig } from '../config/user-config.js';
import { validateConfig } from '../config/validate.js';
import { type Node, startNode } from '../node/node.js';
import { AppLog, type LogLine } from './app-log.js';
import { NO_OVERRIDES } from './boot.js';
import { SocketClient } from './socket-client.js';

/** How a client of a real node comes. */
export interface SocketOptions {
  /** Path and query: `/chat?token=x`. Default: `/`. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The subprotocols that it offers. */
  readonly subprotocols?: readonly string[];
}

/** A node under test: real sockets, real worker threads. */
export class TestNode {
  readonly #node: Node;
  readonly #log: AppLog;

  /** @internal */
  constructor(node: Node, log: AppLog) {
    this.#node = node;
    this.#log = log;
  }

  /** The urls that clients connect to, in the order of the configuration, with real ports. */
  get urls(): readonly string[] {
    return this.#node.listeners;
  }

  /** Everything that was logged so far, by your code too. */
  get log(): readonly LogLine[] {
    return this.#log.lines;
  }

  /** A websocket client, at the first listener that takes websockets. Resolves after its handshake. */
  async connect({ path = '/', headers = {}, subprotocols = [] }: SocketOptions = {}): Promise<SocketClient> {
    const url = this.urls.find((one) => /^wss?:/.test(one));
    if (url === undefined) {
      throw new GatewayError(
        'GW_ARGUMENT',
        `connect() needs a listener for websockets; found ${this.urls.join(', ')}. Add { url: 'ws://127.0.0.1:0' } to gateway.listen, or connect to one of these by a socket of your own.`,
      );
    }
    const options = { headers, subprotocols, rejectUnauthorized: false };
    return await SocketClient.connect(new URL(path, url).href, options, () => this.#log.lastProblem);
  }

  /** The code is compiled anew, and replaced without a client noticing. @throws when the new code cannot run */
  async reload(): Promise<void> {
    await this.#node.reload(false);
  }

  /** Everybody is disconnected, `onClose` and `onWorkerStop` run, the ports are free. A second call joins the first. */
  async close(): Promise<void> {
    await this.#node.stop(false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Starts a real node in this process: with sockets, and with worker threads, which run the code that `worker.events` names.
 * What the configuration does not say is as in production, but that it listens on `ws://127.0.0.1` with any free port, and
 * belongs to no cluster.
 *
 * @throws GW_CONFIG and whatever else keeps a node from starting
 */
export async function bootNode({ config = {} }: { readonly config?: UserConfig } = {}): Promise<TestNode> {
  const log = new AppLog();
  const gateway =
    config.gateway === false ? false : { listen: [{ url: 'ws://127.0.0.1:0' }], ...config.gateway };
  const settings = validateConfig(structuredClone({ name: 'test', register: false, ...config, gateway }), {
    source: 'bootNode()',
    directory: process.cwd(),
    overrides: NO_OVERRIDES,
  });
  return new TestNode(
    await startNode(settings, { version: 'test', log: log.logger, writeLine: log.write }),
    log,
  );
}
