import { address } from './address.js';
import { Connection } from './connection.js';
import type { GatewayConnection } from './gateway-connection.js';
import { GatewayError } from './gateway-error.js';
import type { LineClock } from './line.js';
import type { Address, ConnectOptions } from './options.js';
import type { SocketClass } from './socket.js';

/** What pages and scripts import: `import { connect } from 'gatewayworker/browser'`. */
export { GatewayError };
export type { StateListener } from './connection.js';
export type { GatewayConnection };
export type { Address, ConnectOptions, End, Interruption, RequestOptions, State } from './options.js';

/** The machine's own. */
const clock: LineClock = {
  now: () => performance.now(),
  setTimeout(callback, milliseconds) {
    const timer = setTimeout(callback, milliseconds);
    return { cancel: () => clearTimeout(timer) };
  },
};

/**
 * Connects to a gateway, and again whenever the connection is lost.
 *
 * @param url or what returns it, which is asked before each attempt: it may get a new token
 * @throws GatewayError GW_ARGUMENT
 */
export function connect<Events = unknown>(
  url: Address | (() => Address | Promise<Address>),
  options: ConnectOptions = {},
): GatewayConnection<Events> {
  const { WebSocket = (globalThis as { WebSocket?: SocketClass }).WebSocket } = options;
  if (WebSocket === undefined) {
    const remedy = 'give that of the package ws: connect(url, { WebSocket }), or use Node 22 or newer';
    throw new GatewayError('GW_ARGUMENT', `There is no WebSocket here: ${remedy}.`);
  }
  if (typeof url !== 'function') address(url);
  return new Connection(url, options, { clock, random: Math.random, WebSocket }) as GatewayConnection<Events>;
}
