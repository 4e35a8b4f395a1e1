import { isIPv4, isIPv6 } from 'node:net';
import { GatewayError } from '../base/errors.js';
import { LISTEN_SCHEMES, type ListenScheme, SCHEMES } from './schemes.js';
import { suggestion } from './suggestion.js';

/** A listen URL in its parts. */
export interface ListenUrl {
  readonly scheme: ListenScheme;
  /** What the socket is. */
  readonly transport: 'tcp' | 'udp' | 'unix';
  /** Host name or address, an IPv6 one without its brackets: as `server.listen` wants it. '' with a unix socket. */
  readonly host: string;
  /** 0 means any free one, and is that of a unix socket. */
  readonly port: number;
  /** Where a unix socket lies; '' with another. */
  readonly path: string;
}

const EXAMPLE = 'expected scheme://host:port, such as ws://0.0.0.0:8282';
const UNIX_EXAMPLE = 'expected the path of a socket after the colon, such as ws+unix:/run/chat.sock';
const UNIX = '+unix';

/**
 * Takes `scheme://host:port`, or `scheme+unix:path`, apart. Stricter than `new URL`, which drops a default port, accepts a
 * path that nothing would honour, and turns `0` into `0.0.0.0`.
 *
 * @throws GatewayError GW_CONFIG whose message fits after the name of the key.
 */
export function parseListenUrl(url: string): ListenUrl {
  const [, unix, socket] = /^([a-z][a-z0-9.-]*)\+unix:(.*)$/is.exec(url) ?? [];
  if (unix !== undefined) return parseUnixUrl(url, unix, socket);
  if (/^unix:/i.test(url)) throw refused(url, 'expected a protocol as well, such as ws+unix:/run/chat.sock');

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
  return { scheme, transport: SCHEMES[scheme].transport, host, port: Number(address[2]), path: '' };
}

/** The URL that these are the parts of. */
export function formatListenUrl({ scheme, transport, host, port, path }: ListenUrl): string {
  if (transport === 'unix') return `${scheme}${UNIX}:${path}`;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function parseUnixUrl(url: string, word: string, found: string): ListenUrl {
  const scheme = parseScheme(url, word);
  if (SCHEMES[scheme].transport !== 'tcp')
    throw refused(url, `expected another scheme: ${scheme} has no unix sockets`);
  // "ws+unix:///run/chat.sock" has an empty host, as in file:///run
  const path = found.startsWith('///') ? found.slice(2) : found;
  if (path.startsWith('//')) throw refused(url, `${UNIX_EXAMPLE}, without // before it`);
  if (path === '' || path.endsWith('/') || path.includes('\0')) throw refused(url, UNIX_EXAMPLE);
  return { scheme, transport: 'unix', host: '', port: 0, path };
}

function parseScheme(url: string, found: string): ListenScheme {
  const scheme = LISTEN_SCHEMES.find((known) => known === found);
  if (scheme) return scheme;
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
