import type { AddressInfo, ListenOptions, Server } from 'node:net';
import { GatewayError } from '../base/errors.js';

/** What to do, by the system's error code. */
const REMEDIES: Partial<Record<string, string>> = {
  EADDRINUSE:
    'The port is in use: stop the program that has it ("ss -lntup" names it), or configure another port.',
  EACCES: 'Ports below 1024 need root or the capability CAP_NET_BIND_SERVICE: configure a port from 1024 up.',
  EADDRNOTAVAIL: 'No network interface of this machine has the address: 0.0.0.0 stands for all of them.',
  ENOTFOUND: 'The host name does not resolve: configure an address, such as 0.0.0.0.',
};

/**
 * Opens the port of a TCP server; resolves with its number.
 *
 * @param address as the configuration has it
 * @param key what the configuration calls it
 * @throws GatewayError GW_LISTEN
 */
export async function bind(
  server: Server,
  options: ListenOptions,
  address: string,
  key: string,
): Promise<number> {
  await listening(server, options).catch((cause: unknown) => {
    throw listenError(address, key, cause);
  });
  return portOf(server);
}

/** Resolves when a server listens. @throws the system's error */
export async function listening(server: Server, options: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** The port that a server has got. */
export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/**
 * Why a port cannot be opened, and what to do about it.
 *
 * @param key what the configuration calls it
 */
export function listenError(address: string, key: string, cause: unknown): GatewayError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const remedy = cause instanceof Error && 'code' in cause ? REMEDIES[String(cause.code)] : undefined;
  const message = `Cannot listen on ${address} (${key}): ${reason}.${remedy ? ` ${remedy}` : ''}`;
  return new GatewayError('GW_LISTEN', message, { cause });
}
