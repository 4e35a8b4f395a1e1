/** An address as users know it: an IPv4 address that a dual-stack socket gives as `::ffff:1.2.3.4` is given as `1.2.3.4`. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
