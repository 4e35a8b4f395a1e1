import { GatewayError } from '../base/errors.js';

/*
 * The Register's protocol: one JSON object per line, UTF-8.
 *
 *   gateway to Register   {"event":"gateway_connect","address":"ip:port","secret_key":"…"}
 *   worker to Register    {"event":"worker_connect","secret_key":"…"}
 *   both to Register      {"event":"ping"}
 *   Register to workers   {"event":"broadcast_addresses","addresses":["ip:port",…]}
 */

export type RegisterLine =
  | { event: 'gateway_connect'; address: string; secretKey: string }
  | { event: 'worker_connect'; secretKey: string }
  | { event: 'ping' }
  | { event: 'broadcast_addresses'; addresses: string[] };

/** Bytes of the longest line that is read, its end included: a broadcast of more than 40,000 gateways. */
export const MAX_REGISTER_LINE = 1024 * 1024;

/** Bytes of the longest line that a peer sends to the Register, which must read it before it has seen the secret key. */
export const MAX_REGISTER_REQUEST = 8 * 1024;

/** Milliseconds between two pings of a GatewayWorker peer; ours take no longer, whatever `cluster.pingInterval` says. */
export const REGISTER_PING_INTERVAL = 25_000;

/** The message as one line, with its line end. */
export function encodeRegisterLine(message: RegisterLine): Buffer {
  return Buffer.from(`${JSON.stringify(toWire(message))}\n`);
}

function toWire(message: RegisterLine): object {
  switch (message.event) {
    case 'gateway_connect':
      return { event: message.event, address: message.address, secret_key: message.secretKey };
    case 'worker_connect':
      return { event: message.event, secret_key: message.secretKey };
    case 'broadcast_addresses':
      return { event: message.event, addresses: message.addresses };
    default:
      return { event: message.event };
  }
}

/**
 * Reads one line, with or without its line end. A missing secret_key is the empty one, and keys that this version does
 * not know are passed over, as in GatewayWorker.
 *
 * @throws GW_REGISTER_LINE naming the problem; the message quotes the event and addresses, never anything else
 */
export function parseRegisterLine(line: string | Buffer): RegisterLine {
  const length = typeof line === 'string' ? Buffer.byteLength(line) : line.length;
  if (length > MAX_REGISTER_LINE) throw tooLong(length, MAX_REGISTER_LINE);
  const fields = parseObject(line.toString());
  const event = fields.event;
  if (event === 'broadcast_addresses') {
    return { event, addresses: readAddresses(fields.addresses) };
  }
  if (length > MAX_REGISTER_REQUEST) throw tooLong(length, MAX_REGISTER_REQUEST);
  switch (event) {
    case 'gateway_connect':
      return { event, address: readAddress(fields.address), secretKey: readSecretKey(fields.secret_key) };
    case 'worker_connect':
      return { event, secretKey: readSecretKey(fields.secret_key) };
    case 'ping':
      return { event };
    default:
      throw bad(
        `event is ${quote(event)}; expected gateway_connect, worker_connect, ping or broadcast_addresses`,
      );
  }
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The reason is left out on purpose: V8's message quotes the text, and so perhaps the secret key.
    throw bad('the line is not JSON; expected one JSON object per line');
  }
  if (!isObject(value)) throw bad('the line is JSON but not an object; expected one JSON object per line');
  return value;
}

function readAddresses(value: unknown): string[] {
  // PHP's Register removes duplicates and leaves gaps, and PHP writes a list with gaps as an object.
  const addresses = isObject(value) ? Object.values(value) : value;
  if (!Array.isArray(addresses)) throw bad('addresses is not a list; expected ["ip:port", …]');
  return [...new Set(addresses.map(readAddress))];
}

function readAddress(value: unknown): string {
  if (typeof value === 'string') {
    const match = ADDRESS.exec(value);
    const port = Number(match?.[1]);
    if (port >= 1 && port <= 65535) return value;
  }
  throw bad(
    `address is ${quote(value)}; expected host:port, such as 10.0.0.1:2900 (lanIp and lanPort of a gateway)`,
  );
}

function readSecretKey(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw bad(`secret_key is of type ${typeof value}; expected a string`);
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An IPv4 address or a host name (Docker's may hold underscores), and a port. */
const ADDRESS = /^[\w.-]{1,253}:(\d{1,5})$/;

function quote(value: unknown): string {
  if (typeof value !== 'string') return value === undefined ? 'missing' : `of type ${typeof value}`;
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
}

function tooLong(length: number, limit: number): GatewayError {
  return bad(`the line is ${length} bytes long; expected at most ${limit}`);
}

function bad(problem: string): GatewayError {
  return new GatewayError('GW_REGISTER_LINE', `Not a Register message: ${problem}.`);
}
