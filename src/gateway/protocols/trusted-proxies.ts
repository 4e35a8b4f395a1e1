import { BlockList, isIPv6 } from 'node:net';
import { addressRanges } from '../../config/address-range.js';

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
    return address !== '' && this.#ranges.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }
}
