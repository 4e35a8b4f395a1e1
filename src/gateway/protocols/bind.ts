import type { Server } from 'node:net';
import { type ListenUrl, parseListenUrl } from '../../config/listen-url.js';
import type { GatewayError } from '../../base/errors.js';
import { listenError as portError } from '../../net/listen-error.js';

/** @throws GatewayError GW_LISTEN */
export function parseUrl(url: string): ListenUrl {
  try {
    return parseListenUrl(url);
  } catch (cause) {
    throw listenError(url, cause);
  }
}

/** Connections that may wait to be accepted: as many as the operating system allows (net.core.somaxconn), where node has 511. */
const BACKLOG = 65_535;

/**
 * Opens the port of a TCP server; resolves with its number.
 *
 * @throws GatewayError GW_LISTEN
 */
export async function bind(server: Server, url: string, { host, port }: ListenUrl): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  }).catch((cause: unknown) => {
    throw listenError(url, cause);
  });
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : port;
}

/** Why the port of a listener cannot be opened. */
export function listenError(url: string, cause: unknown): GatewayError {
  return portError(url, 'gateway.listen', cause);
}
