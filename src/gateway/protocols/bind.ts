import type { Server } from 'node:net';
import { type ListenUrl, parseListenUrl } from '../../config/listen-url.js';
import type { GatewayError } from '../../errors.js';
import { listenError as portError } from '../../listen-error.js';

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
 * Opens the port of a TCP server, and resolves with what `opened` makes of its number. That is called as the port opens:
 * where processes share a port, the first client may come together with the word that it is open.
 *
 * @throws GatewayError GW_LISTEN
 */
export async function bind<T>(
  server: Server,
  url: string,
  { host, port }: ListenUrl,
  opened: (port: number) => T,
): Promise<T> {
  try {
    return await new Promise<T>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, backlog: BACKLOG }, () => {
        server.off('error', reject);
        const bound = server.address();
        resolve(opened(typeof bound === 'object' && bound !== null ? bound.port : port));
      });
    });
  } catch (cause) {
    throw listenError(url, cause);
  }
}

/** Why the port of a listener cannot be opened. */
export function listenError(url: string, cause: unknown): GatewayError {
  return portError(url, 'gateway.listen', cause);
}
