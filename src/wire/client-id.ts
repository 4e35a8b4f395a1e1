import { GatewayError } from '../base/errors.js';

/** A gateway's inner address: what its clients' ids begin with. */
export interface GatewayAddress {
  readonly ip: number;
  readonly port: number;
  /** The cell that it is in, where that is another one than whoever knows it is in. */
  readonly cell?: string;
}

/** With the address 0, which is every gateway's: only those of other cells. */
export const OTHER_CELLS_PORT = 1;

/** A gateway's address as one number, for look-ups: 48 bits. */
export function addressKey(ip: number, port: number): number {
  return ip * 65_536 + port;
}

/** `127.0.0.1:2900`. */
export function formatAddress({ ip, port }: GatewayAddress): string {
  return `${numberToIp(ip)}:${port}`;
}

/** `10.0.0.1:2900 (cell eu-1)`, where it is in another cell; else its address. */
export function nameWithCell(gateway: GatewayAddress): string {
  const address = formatAddress(gateway);
  return gateway.cell === undefined ? address : `${address} (cell ${gateway.cell})`;
}

/** Where a client is: the gateway's inner address and the number of the connection there. */
export interface ClientAddress {
  /** The gateway's inner IPv4 address as a number, first octet highest. */
  localIp: number;
  localPort: number;
  connectionId: number;
}

/** Whether a client is at this gateway. */
export function isAt({ ip, port }: GatewayAddress, { localIp, localPort }: Readonly<ClientAddress>): boolean {
  return localIp === ip && localPort === port;
}

/**
 * The client id, as GatewayWorker writes it: local_ip (8), local_port (4) and connection_id (8) in lower-case hex.
 */
export function formatClientId(localIp: number, localPort: number, connectionId: number): string {
  return (
    HEX[localIp >>> 24] +
    HEX[(localIp >>> 16) & 0xff] +
    HEX[(localIp >>> 8) & 0xff] +
    HEX[localIp & 0xff] +
    HEX[(localPort >>> 8) & 0xff] +
    HEX[localPort & 0xff] +
    HEX[connectionId >>> 24] +
    HEX[(connectionId >>> 16) & 0xff] +
    HEX[(connectionId >>> 8) & 0xff] +
    HEX[connectionId & 0xff]
  );
}

/**
 * Reads a client id; upper-case digits are taken too, as in GatewayWorker.
 *
 * @throws GW_CLIENT_ID when it is not 20 hexadecimal digits
 */
export function parseClientId(id: string): ClientAddress {
  if (typeof id !== 'string' || id.length !== CLIENT_ID_LENGTH) throw badClientId(id);
  return {
    localIp: ((readHex16(id, 0) << 16) | readHex16(id, 4)) >>> 0,
    localPort: readHex16(id, 8),
    connectionId: ((readHex16(id, 12) << 16) | readHex16(id, 16)) >>> 0,
  };
}

/**
 * An IPv4 address in dotted decimal as a number, first octet highest.
 *
 * @throws GW_ARGUMENT when it is no IPv4 address
 */
export function ipToNumber(ip: string): number {
  const octets = ip.split('.');
  if (octets.length !== 4 || !octets.every(isOctet)) {
    throw new GatewayError(
      'GW_ARGUMENT',
      `${quote(ip)} is no IPv4 address; expected four numbers from 0 to 255 with dots between, such as 127.0.0.1.`,
    );
  }
  return octets.reduce((number, octet) => number * 256 + Number(octet), 0);
}

/** The inverse of {@link ipToNumber}. */
export function numberToIp(number: number): string {
  return `${number >>> 24}.${(number >>> 16) & 0xff}.${(number >>> 8) & 0xff}.${number & 0xff}`;
}

const CLIENT_ID_LENGTH = 20;

/** Two hex digits for every byte: joining ten of them is faster than three toString(16) with padding. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function readHex16(id: string, at: number): number {
  const value =
    (nibble(id.charCodeAt(at)) << 12) |
    (nibble(id.charCodeAt(at + 1)) << 8) |
    (nibble(id.charCodeAt(at + 2)) << 4) |
    nibble(id.charCodeAt(at + 3));
  if (value < 0) throw badClientId(id);
  return value;
}

/** The value of a hex digit, -1 for anything else; shifted and or-ed with others, -1 leaves the sum negative. */
function nibble(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20; // lower case
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function isOctet(text: string): boolean {
  return /^(?:0|[1-9]\d{0,2})$/.test(text) && Number(text) <= 255;
}

function badClientId(id: unknown): GatewayError {
  const found =
    typeof id === 'string' ? `${quote(id)} (${id.length} characters)` : `a value of type ${typeof id}`;
  return new GatewayError(
    'GW_CLIENT_ID',
    `${found} is no client id; expected 20 hexadecimal digits, as in client.id.`,
  );
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
