import type { Server } from 'node:net';
import { type ListenUrl, parseListenUrl } from '../../config/listen-url.js';
import { GatewayError } from '../../errors.js';

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

/** What to do, by the system's error code. */
const REMEDIES: Partial<Record<string, string>> = {
  EADDRINUSE:
    'The port is in use: stop the program that has it ("ss -lntup" names it), or configure another port.',
  EACCES: 'Ports below 1024 need root or the capability CAP_NET_BIND_SERVICE: configure a port from 1024 up.',
  EADDRNOTAVAIL: 'No network interface of this machine has the address: 0.0.0.0 stands for all of them.',
  ENOTFOUND: 'The host name does not resolve: configure an address, such as 0.0.0.0.',
};

/** Why a port cannot be opened, and what to do about it. */
export function listenError(url: string, cause: unknown): GatewayError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const remedy = cause instanceof Error && 'code' in cause ? REMEDIES[String(cause.code)] : undefined;
  const message = `Cannot listen on ${url}: ${reason}.${remedy ? ` ${remedy}` : ''}`;
  return new GatewayError('GW_LISTEN', message, { cause });
}
