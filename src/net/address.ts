/**
 * A socket's remote address as users know it: an IPv4 address that a dual-stack socket gives as `::ffff:1.2.3.4` is given as
 * `1.2.3.4`. A connection that was reset already has no address any more: '' is given for it.
 */
export function plainAddress(address = ''): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** In place of an address, that of who comes by a unix socket: as nginx writes it. */
export const UNIX_ADDRESS = 'unix:';

/** Where a client is: `1.2.3.4:5`, `[::1]:5`. One that comes by a unix socket has no port. */
export function formatRemote({
  remoteAddress,
  remotePort,
}: {
  readonly remoteAddress: string;
  readonly remotePort: number;
}): string {
  if (remoteAddress === UNIX_ADDRESS) return remoteAddress;
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}
