import { isIPv4, isIPv6 } from 'node:net';

/** Ranges that have a name. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/** Addresses with the same first bits. */
export interface AddressRange {
  readonly address: string;
  /** How many bits. */
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** The ranges that an address (`10.0.0.7`), a range (`10.0.0.0/8`, `fd00::/8`) or a name stands for; none for what is none of them. */
export function addressRanges(text: string): AddressRange[] {
  if (Object.hasOwn(NAMED, text)) return NAMED[text].flatMap(addressRanges);
  const [, address = '', bits] = /^([\da-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  const longest = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
  const prefix = bits === undefined ? longest : Number(bits);
  if (longest < 0 || prefix > longest) return [];
  return [{ address, prefix, family: longest === 32 ? 'ipv4' : 'ipv6' }];
}

/** For the schema. */
export function isAddressRange(value: string): boolean {
  return addressRanges(value).length > 0;
}
