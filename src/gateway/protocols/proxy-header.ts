import { addressOf } from './sender.js';

/*
 * The header of the PROXY protocol (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt), which a proxy sends
 * before anything of its client's, TLS included.
 *
 * Version 1, a line of at most 107 bytes:
 *
 *   PROXY TCP4|TCP6 <source> <destination> <source port> <destination port>\r\n
 *   PROXY UNKNOWN …\r\n
 *
 * Version 2:
 *
 *    0            12                  13                     14        16
 *   +------------+-------------------+----------------------+---------+--------------------------------------------+
 *   | signature  | version, command  | family, transport    | length  | addresses and ports, then TLVs             |
 *   +------------+-------------------+----------------------+---------+--------------------------------------------+
 *                  0x20 LOCAL          0x1_ IPv4, 0x2_ IPv6,  of what   IPv4: 4 4 2 2 bytes, IPv6: 16 16 2 2:
 *                  0x21 PROXY          0x3_ unix, 0x0_ none   follows   source, destination, and their ports
 *
 * LOCAL, UNKNOWN, a unix socket and no family name nobody: the sender is the proxy itself, as with a health check.
 */

/** A header that is there. */
export interface ProxyHeader {
  /** Bytes that it takes. */
  readonly length: number;
  /** '' where it names nobody. */
  readonly address: string;
  readonly port: number;
}

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V1 = Buffer.from('PROXY ', 'latin1');
const V1_LONGEST = 107;
/** Bytes of a version 2 header before what its length counts. */
const V2_FIXED = 16;
/** What its length may be: addresses take up to 216, and what proxies add is mostly some hundred more. */
const V2_LONGEST = 4096;
const LOCAL = 0x20;
const PROXY = 0x21;
const CRLF = '\r\n';

/** By the high half of the family's byte: bytes of one address, and of all of them with their ports. */
const ADDRESSES: Readonly<Record<number, { readonly address: number; readonly all: number }>> = {
  0: { address: 0, all: 0 },
  1: { address: 4, all: 12 },
  2: { address: 16, all: 36 },
  3: { address: 0, all: 216 },
};

/**
 * Reads the header that `bytes`, which are not empty, begin with.
 *
 * @returns undefined while it is not whole; a text where it is none: what was found
 */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | string | undefined {
  if (begins(bytes, SIGNATURE)) return bytes.length < V2_FIXED ? undefined : parseV2(bytes);
  if (begins(bytes, V1)) return parseV1(bytes);
  return `found ${shown(bytes.toString('latin1', 0, 16))}, expected a PROXY header`;
}

/** As far as there are bytes. */
function begins(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

function parseV1(bytes: Buffer): ProxyHeader | string | undefined {
  const text = bytes.toString('latin1', 0, V1_LONGEST);
  const end = text.indexOf(CRLF);
  if (end < 0) return text.length < V1_LONGEST ? undefined : `no end of line within ${V1_LONGEST} bytes`;
  const line = text.slice(0, end);
  const length = end + CRLF.length;
  const [, family, source, destination, port, ...rest] = line.split(' ');
  if (family === 'UNKNOWN') return { length, address: '', port: 0 };
  const address = addressOfFamily(family, source);
  if (address === '' || addressOfFamily(family, destination) === '' || rest.length !== 1) {
    return `found ${shown(line)}, expected PROXY TCP4 or TCP6, two addresses and two ports`;
  }
  const numbers = [port, ...rest].map(portOf);
  if (numbers.includes(-1)) return `found ${shown(line)}, expected ports from 0 to 65535`;
  return { length, address, port: numbers[0] };
}

function addressOfFamily(family: string, text = ''): string {
  const isV6 = text.includes(':');
  return (family === 'TCP4' && !isV6) || (family === 'TCP6' && isV6) ? addressOf(text) : '';
}

function portOf(text: string): number {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535 ? Number(text) : -1;
}

function parseV2(bytes: Buffer): ProxyHeader | string | undefined {
  const command = bytes[12];
  const family = bytes[13] >>> 4;
  const transport = bytes[13] & 15;
  const follows = bytes.readUInt16BE(14);
  if (command !== LOCAL && command !== PROXY)
    return `version and command ${hex(command)}, expected 0x20 or 0x21`;
  const { address: size, all } = ADDRESSES[family] ?? { address: 0, all: -1 };
  if (all < 0 || transport > 2) return `family and transport ${hex(bytes[13])}, which there is not`;
  if (follows > V2_LONGEST) return `a header of ${follows} more bytes, expected ${V2_LONGEST} at most`;
  // what LOCAL says of addresses is nothing
  if (command === PROXY && follows < all) return `${follows} bytes for addresses that take ${all}`;
  const length = V2_FIXED + follows;
  if (bytes.length < length) return undefined;
  if (command === LOCAL || size === 0) return { length, address: '', port: 0 };
  return {
    length,
    address: textOf(bytes.subarray(V2_FIXED, V2_FIXED + size)),
    port: bytes.readUInt16BE(V2_FIXED + 2 * size),
  };
}

function textOf(address: Buffer): string {
  if (address.length === 4) return address.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => address.readUInt16BE(2 * index).toString(16));
  return addressOf(groups.join(':'));
}

function shown(text: string): string {
  return JSON.stringify(text.replace(/[^ -~]/g, '?'));
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
