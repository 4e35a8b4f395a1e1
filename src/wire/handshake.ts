import { GatewayError } from '../errors.js';
import { parsePhpQuery, phpName, phpString } from './php-query.js';
import { type PhpDecoded, type PhpKey, type PhpValue, serialize, unserialize } from './php-serialize.js';

/*
 * The HTTP request that a websocket began with, as ON_WEBSOCKET_CONNECT carries it. A PHP gateway sends, and a PHP worker
 * gets, PHP-serialized {get, server, cookie}, with the keys that $_GET, $_SERVER and $_COOKIE would have. Ours send one
 * another {server} only, which holds the same: who comes is not kept waiting for what no handler may ask for.
 */

/** The request. */
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

/** Makes the body of ON_WEBSOCKET_CONNECT for our workers. */
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
  return serialize(new Map([['server', server]]));
}

/** Makes the body of ON_WEBSOCKET_CONNECT for a PHP worker out of one for ours. @throws GW_SERIALIZE, GW_FRAME */
export function toPhpHandshake(body: Buffer): Buffer {
  const fields = serverFields(body);
  const server = new Map<PhpKey, PhpValue>();
  // Node gives a character for each byte of a header
  for (const [key, value] of fields) server.set(key, typeof value === 'string' ? phpString(value) : value);
  const { QUERY_STRING: query = '', HTTP_COOKIE: cookie = '' } = strings(fields);
  return serialize(
    new Map([
      ['get', parsePhpQuery(query)],
      ['server', server],
      ['cookie', parsePhpCookies(cookie)],
    ]),
  );
}

/** Reads the body of ON_WEBSOCKET_CONNECT, ours or a PHP gateway's. @throws GW_SERIALIZE, GW_FRAME */
export function decodeHandshake(body: Buffer): Handshake {
  const server = strings(serverFields(body));
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  if (server.SERVER_NAME !== undefined) headers.host = server.SERVER_NAME;
  for (const [key, header] of Object.entries(server)) {
    if (key.startsWith('HTTP_')) headers[key.slice(5).toLowerCase().replaceAll('_', '-')] = header;
  }
  return {
    url: server.REQUEST_URI ?? '/',
    query: parseQuery(server.QUERY_STRING ?? ''),
    headers,
    cookies: parseCookies(server.HTTP_COOKIE ?? ''),
    remoteAddress: server.REMOTE_ADDR ?? '',
  };
}

function serverFields(body: Buffer): ReadonlyMap<PhpKey, PhpDecoded> {
  const value = unserialize(body);
  const server = value instanceof Map ? value.get('server') : undefined;
  if (server instanceof Map) return server;
  throw new GatewayError('GW_FRAME', 'A websocket handshake came that is no map with a map `server`.');
}

function parseQuery(query: string): Record<string, string> {
  const parameters = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(query)) parameters[name] = value;
  return parameters;
}

function parseCookies(header: string): Record<string, string> {
  const cookies = Object.create(null) as Record<string, string>;
  for (const part of header.split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0) cookies[part.slice(0, equals).trim()] = decodeCookie(part.slice(equals + 1).trim());
  }
  return cookies;
}

/** As Workerman reads them: not decoded, and only the name trimmed. */
function parsePhpCookies(header: string): Map<PhpKey, PhpValue> {
  const cookies = new Map<PhpKey, PhpValue>();
  for (const part of header.split(';')) {
    const equals = part.indexOf('=');
    if (equals < 0) continue;
    const name = part.slice(0, equals).replace(/^[ \t]+|[ \t]+$/g, '');
    cookies.set(phpName(name), phpString(part.slice(equals + 1)));
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
function strings(entries: ReadonlyMap<PhpKey, PhpDecoded>): Record<string, string> {
  const result = Object.create(null) as Record<string, string>;
  for (const [key, item] of entries) {
    if (typeof item === 'string' || typeof item === 'number') result[String(key)] = String(item);
    else if (Buffer.isBuffer(item)) result[String(key)] = item.toString('latin1');
  }
  return result;
}
