import type { ListenUrl } from '../../config/listen-url.js';
import type { ClientPort, ListenerOptions } from './protocol.js';

/** An address as users know it: an IPv4 address that a dual-stack socket gives as `::ffff:1.2.3.4` is given as `1.2.3.4`. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** What the clients of a port carry, now that it is open. @param port the one that it really has */
export function clientPort(
  { scheme, host }: ListenUrl,
  port: number,
  { heartbeat = true }: ListenerOptions,
): ClientPort {
  const url = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { url, port, heartbeat, connections: 0 };
}
