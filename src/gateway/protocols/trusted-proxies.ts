import { BlockList, isIPv6 } from 'node:net';
import { addressRanges } from '../../config/address-range.js';
import { UNIX_ADDRESS } from '../../net/address.js';

/** Whose word is taken for where somebody comes from: `gateway.trustedProxies`. */
export class TrustedProxies {
  readonly #ranges = new BlockList();
  /** Whether those that come by a unix socket are. */
  readonly #unix: boolean;

  /** @param configured addresses, ranges and names of ranges */
  constructor(configured: readonly string[]) {
    this.#unix = configured.includes(UNIX_ADDRESS);
    for (const { address, prefix, family } of configured.flatMap(addressRanges)) {
      this.#ranges.addSubnet(address, prefix, family);
    }
  }

  has(address: string): boolean {
    if (address === UNIX_ADDRESS) return this.#unix;
    return address !== '' && this.#ranges.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }
}
