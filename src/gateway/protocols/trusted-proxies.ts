import { BlockList, isIPv6 } from 'node:net';
import { addressRanges } from '../../config/address-range.js';
import { UNIX_ADDRESS } from '../../net/address.js';

const LOOPBACK = '127.0.0.1';

/** Whose word is taken for where somebody comes from: `gateway.trustedProxies`. */
export class TrustedProxies {
  readonly #ranges = new BlockList();

  /** @param configured addresses, ranges and names of ranges */
  constructor(configured: readonly string[]) {
    for (const { address, prefix, family } of configured.flatMap(addressRanges)) {
      this.#ranges.addSubnet(address, prefix, family);
    }
  }

  has(address: string): boolean {
    // who comes by a unix socket is on this machine
    const known = address === UNIX_ADDRESS ? LOOPBACK : address;
    return known !== '' && this.#ranges.check(known, isIPv6(known) ? 'ipv6' : 'ipv4');
  }
}
