import { isIPv4, isIPv6 } from 'node:net';
import { GatewayError } from '../base/errors.js';
import { suggestion } from './suggestion.js';

const LISTEN_SCHEMES = ['ws', 'wss', 'text', 'frame', 'tcp', 'udp'] as const;
export type ListenScheme = (typeof LISTEN_SCHEMES)[number];

/** A listen URL in its parts. */
export interface ListenUrl {
  readonly scheme: ListenScheme;
  /** What the socket is: everything but udp runs over TCP. */
  readonly transport: 'tcp' | 'udp';
  /** Host name or address, an IPv6 one without its brackets: as `server.listen` wants it. */
  readonly host: string;
  /** 0 means any free one. */
  readonly port: number;
}

/** What Workerman's users are used to write, and what plain HTTP is served by. */
const WORKERMAN_SCHEMES = new Map([
  ['websocket', 'ws'],
  ['http', 'ws'],
  ['https', 'wss'],
]);

const EXAMPLE = 'expected scheme://host:port, such as ws://0.0.0.0:8282';

/**
 * Takes `scheme://host:port` apart. Stricter than `new URL`, which drops a default port, accepts a path that
 * nothing would honour, and turns `0` into `0.0.0.0`.
 *
 * @throws GatewayError GW_CONFIG whose message fits after the name of the key.
 */
export function parseListenUrl(url: string): ListenUrl {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(url);
  if (!parts) throw refused(url, EXAMPLE);
  const scheme = parseScheme(url, parts[1]);

  const address = /^(\[[^\]]*\]|[^:[\]]*):([^:]*)$/.exec(parts[2]);
  if (!address) {
    throw refused(url, isIPv6(parts[2]) ? 'expected an IPv6 address in brackets, then :port' : EXAMPLE);
  }
  const host = parseHost(url, address[1]);
  if (!/^\d{1,5}$/.test(address[2]) || Number(address[2]) > 65_535) {
    throw refused(url, 'expected a port from 0 to 65535 at the end, and nothing after it');
  }
  return { scheme, transport: scheme === 'udp' ? 'udp' : 'tcp', host, port: Number(address[2]) };
}

function parseScheme(url: string, found: string): ListenScheme {
  const scheme = LISTEN_SCHEMES.find((known) => known === found);
  if (scheme) return scheme;
  const closest = WORKERMAN_SCHEMES.get(found.toLowerCase()) ?? suggestion(found, LISTEN_SCHEMES);
  throw refused(
    url,
    `expected one of the schemes ${LISTEN_SCHEMES.join(', ')}${closest ? `; did you mean "${closest}"?` : ''}`,
  );
}

function parseHost(url: string, found: string): string {
  if (found.startsWith('[')) {
    const host = found.slice(1, -1);
    if (!isIPv6(host)) throw refused(url, 'expected an IPv6 address inside the brackets');
    return host;
  }
  // An address of digits must be a whole one: "0.0.0" would be looked up as a host name, and fail at start.
  const valid = /^[\d.]+$/.test(found) ? isIPv4(found) : /^[a-z\d]([a-z\d.-]*[a-z\d])?$/i.test(found);
  if (!valid) throw refused(url, 'expected a host name or an address before the port');
  return found;
}

function refused(url: string, expected: string): GatewayError {
  return new GatewayError('GW_CONFIG', `found ${JSON.stringify(url)}, ${expected}`);
}
