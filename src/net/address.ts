/**
 * A socket's remote address as users know it: an IPv4 address that a dual-stack socket gives as `::ffff:1.2.3.4` is given as
 * `1.2.3.4`. A connection that was reset already has no address any more: '' is given for it.
 */
export function plainAddress(address = ''): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** In place of an address, that of who comes by a unix socket: as nginx writes it. */
export const UNIX_ADDRESS = 'unix:';
