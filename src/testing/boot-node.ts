import { GatewayError } from '../base/errors.js';
import type { UserConfig } from '../config/user-config.js';
import { validateConfig } from '../config/validate.js';
import { type Node, startNode } from '../node/node.js';
import { AppLog } from './app-log.js';
import { NO_OVERRIDES } from './boot.js';
import type { LogLine } from './test-app.js';
import type { SocketClient } from './test-client.js';
import type { SocketOptions, TestNode } from './test-node.js';
import { WebSocketClient } from './web-socket-client.js';

/** A node in the test's process. */
class BootedNode implements TestNode {
  readonly #node: Node;
  readonly #log: AppLog;

  constructor(node: Node, log: AppLog) {
    this.#node = node;
    this.#log = log;
  }

  get urls(): readonly string[] {
    return this.#node.listeners;
  }

  get log(): readonly LogLine[] {
    return this.#log.lines;
  }

  async connect({ path = '/', headers = {}, subprotocols = [] }: SocketOptions = {}): Promise<SocketClient> {
    const url = this.urls.find((one) => /^wss?:/.test(one));
    if (url === undefined) {
      throw new GatewayError(
        'GW_ARGUMENT',
        `connect() needs a listener for websockets; found ${this.urls.join(', ')}. Add { url: 'ws://127.0.0.1:0' } to gateway.listen, or connect to one of these by a socket of your own.`,
      );
    }
    const options = { headers, subprotocols, rejectUnauthorized: false };
    return await WebSocketClient.connect(new URL(path, url).href, options, () => this.#log.lastProblem);
  }

  async reload(): Promise<void> {
    await this.#node.reload(false);
  }

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
  return new BootedNode(
    await startNode(settings, { version: 'test', log: log.logger, writeLine: log.write }),
    log,
  );
}
