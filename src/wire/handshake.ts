import { GatewayError } from '../errors.js';
import { type PhpDecoded, serialize, unserialize } from './php-serialize.js';

/** The HTTP request that a websocket began with, as ON_WEBSOCKET_CONNECT carries it: PHP-serialized {get, server, cookie}. */
export interface HandshakeFields {
  readonly method: string;
  /** Path and query: `/chat?room=1`. */
  readonly url: string;
  readonly httpVersion: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly serverPort: number;
}

/** What `onWebSocketConnect` is given. */
export interface Handshake {
  /** Path and query: `/chat?room=1`. */
  readonly url: string;
  /** The query's parameters, decoded; of one that occurs twice, the last. */
  readonly query: Readonly<Record<string, string>>;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: Readonly<Record<string, string>>;
  readonly remoteAddress: string;
}

/** Makes the body of ON_WEBSOCKET_CONNECT, with the keys that PHP's $_GET, $_SERVER and $_COOKIE would have. */
export function encodeHandshake(request: HandshakeFields): Buffer {
  const { url, headers } = request;
  const mark = url.indexOf('?');
  const queryString = mark < 0 ? '' : url.slice(mark + 1);
  const server = new Map<string, string | number | null>([
    ['QUERY_STRING', queryString],
    ['REQUEST_METHOD', request.method],
    ['REQUEST_URI', url],
    ['SERVER_PROTOCOL', `HTTP/${request.httpVersion}`],
    ['SERVER_NAME', text(headers.host)],
    ['CONTENT_TYPE', headers['content-type'] === undefined ? null : text(headers['content-type'])],
    ['REMOTE_ADDR', request.remoteAddress],
    ['REMOTE_PORT', request.remotePort],
    ['SERVER_PORT', request.serverPort],
  ]);
  for (const name of Object.keys(headers)) {
    server.set(`HTTP_${name.toUpperCase().replaceAll('-', '_')}`, text(headers[name]));
  }
  return serialize(
    new Map([
      ['get', new Map(new URLSearchParams(queryString))],
      ['server', server],
      ['cookie', parseCookies(text(headers.cookie))],
    ]),
  );
}

/** Reads the body of ON_WEBSOCKET_CONNECT, ours or a PHP gateway's. @throws GW_SERIALIZE, GW_FRAME */
export function decodeHandshake(body: Buffer): Handshake {
  const value = unserialize(body);
  if (!(value instanceof Map)) {
    throw new GatewayError(
      'GW_FRAME',
      'A websocket handshake came that is no map of get, server and cookie.',
    );
  }
  const server = strings(value.get('server'));
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  if (server.SERVER_NAME !== undefined) headers.host = server.SERVER_NAME;
  for (const [key, header] of Object.entries(server)) {
    if (key.startsWith('HTTP_')) headers[key.slice(5).toLowerCase().replaceAll('_', '-')] = header;
  }
  return {
    url: server.REQUEST_URI ?? '/',
    query: strings(value.get('get')),
    headers,
    cookies: strings(value.get('cookie')),
    remoteAddress: server.REMOTE_ADDR ?? '',
  };
}

function parseCookies(header: string): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const part of header.split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0) cookies.set(part.slice(0, equals).trim(), decodeCookie(part.slice(equals + 1).trim()));
  }
  return cookies;
}

function decodeCookie(value: string): string {
  const unquoted =
    value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  try {
    return decodeURIComponent(unquoted);
  } catch {
    return unquoted;
  }
}

function text(header: string | string[] | undefined): string {
  return Array.isArray(header) ? header.join(', ') : (header ?? '');
}

/** A PHP array's entries that are text or numbers, as an object without a prototype. */
function strings(value: PhpDecoded | undefined): Record<string, string> {
  const result: Record<string, string> = Object.create(null) as Record<string, string>;
  if (!(value instanceof Map)) return result;
  for (const [key, item] of value) {
    if (typeof item === 'string' || typeof item === 'number') result[String(key)] = String(item);
    else if (Buffer.isBuffer(item)) result[String(key)] = item.toString('latin1');
  }
  return result;
}
