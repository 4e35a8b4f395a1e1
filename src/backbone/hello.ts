import { type GatewayAddress, formatAddress, ipToNumber } from '../wire/client-id.js';
import { BUCKETS } from './subjects.js';

/** What a node says of itself, to all or to one that has asked. */
export interface Hello {
  readonly cell: string;
  readonly node: string;
  /** Its gateway's address; undefined when it has none. */
  readonly gateway: GatewayAddress | undefined;
  /** How many subjects names share, by its reckoning. */
  readonly buckets: number;
  /** The number of its next frame for every node; null while frames wait that were numbered before. */
  readonly next: number | null;
  /** Whether the others are to say the same of themselves. */
  readonly ask: boolean;
  /** So many milliseconds this node may have missed something: the others are to mark what they have published since. */
  readonly missed: number;
  /** Whether it ends. */
  readonly end: boolean;
}

export function encodeHello({ gateway, ...hello }: Omit<Hello, 'buckets'>): Buffer {
  const address = gateway === undefined ? null : formatAddress(gateway);
  return Buffer.from(JSON.stringify({ ...hello, gateway: address, buckets: BUCKETS }));
}

/** @throws SyntaxError, GW_ARGUMENT when it is none */
export function parseHello(body: Buffer): Hello {
  const { cell, node, gateway, buckets, next, ask, missed, end } = JSON.parse(body.toString());
  return {
    cell: String(cell),
    node: String(node),
    gateway: typeof gateway === 'string' ? parseAddress(gateway) : undefined,
    buckets: Number(buckets),
    next: typeof next === 'number' ? next >>> 0 : null,
    ask: ask === true,
    missed: Number(missed) || 0,
    end: end === true,
  };
}

function parseAddress(address: string): GatewayAddress {
  const colon = address.lastIndexOf(':');
  return { ip: ipToNumber(address.slice(0, colon)), port: Number(address.slice(colon + 1)) };
}
