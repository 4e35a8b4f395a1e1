import { isIPv4, isIPv6 } from 'node:net';
import { GatewayError } from '../base/errors.js';
import { LISTEN_SCHEMES, type ListenScheme, SCHEMES } from './schemes.js';
import { suggestion } from './suggestion.js';

/** A listen URL in its parts. */
export interface ListenUrl {
  readonly scheme: ListenScheme;
  /** What the socket is. */
  readonly transport: 'tcp' | 'udp';
  /** Host name or address, an IPv6 one without its brackets: as `server.listen` wants it. */
  readonly host: string;
  /** 0 means any free one. */
  readonly port: number;
}

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
  const { scheme, transport } = parseScheme(url, parts[1]);

  const address = /^(\[[^\]]*\]|[^:[\]]*):([^:]*)$/.exec(parts[2]);
  if (!address) {
    throw refused(url, isIPv6(parts[2]) ? 'expected an IPv6 address in brackets, then :port' : EXAMPLE);
  }
  const host = parseHost(url, address[1]);
  if (!/^\d{1,5}$/.test(address[2]) || Number(address[2]) > 65_535) {
    throw refused(url, 'expected a port from 0 to 65535 at the end, and nothing after it');
  }
  return { scheme, transport, host, port: Number(address[2]) };
}

function parseScheme(url: string, found: string): Pick<ListenUrl, 'scheme' | 'transport'> {
  const scheme = LISTEN_SCHEMES.find((known) => known === found);
  if (scheme) return { scheme, transport: SCHEMES[scheme].transport };
  const word = found.toLowerCase();
  const closest =
    LISTEN_SCHEMES.find((known) => SCHEMES[known].aliases?.includes(word)) ??
    suggestion(found, LISTEN_SCHEMES);
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
