import { Buffer } from 'node:buffer';
import { GatewayError } from '../base/errors.js';
import { parsePhpQuery, phpName, phpString } from './php-query.js';
import { type PhpDecoded, type PhpKey, type PhpValue, serialize, unserialize } from './php-serialize.js';

/*
 * The HTTP request that a websocket began with, as ON_WEBSOCKET_CONNECT carries it. A PHP gateway sends, and a PHP worker
 * gets, PHP-serialized {get, server, cookie}, with the keys that $_GET, $_SERVER and $_COOKIE would have. Ours send one
 * another HandshakeFields as JSON, which is a tenth of the work: who comes is not kept waiting for what no handler may
 * ask for. PHP's begins with `a:`, ours with `{`.
 */

const BRACE = '{'.charCodeAt(0);

/** A client's certificate, which one of the listener's authorities (`tls.ca`) has signed. */
export interface ClientCertificate {
  /** By the short names of its parts: `{ CN: 'device-7', O: 'Acme' }`. One that occurs twice is a list. */
  readonly subject: Readonly<Partial<Record<string, string | string[]>>>;
  readonly issuer: Readonly<Partial<Record<string, string | string[]>>>;
  /** Its other names, each with its kind: `DNS:device-7.example.org`, `URI:urn:device:7`, `email:ann@example.org`. */
  readonly altNames: readonly string[];
  /** Hexadecimal. */
  readonly serialNumber: string;
  /** SHA-256 of the whole certificate: 32 pairs of hexadecimal digits, with colons between. */
  readonly fingerprint256: string;
  /** ISO 8601. */
  readonly validFrom: string;
  readonly validTo: string;
}

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
  /** '' for none; missing where an older gateway sends it. */
  readonly subprotocol?: string;
  /** Missing for none. */
  readonly certificate?: ClientCertificate | undefined;
  /** Of Socket.IO only. */
  readonly namespace?: string | undefined;
  /** Of Socket.IO: what the client gives for its authentication, as the JSON that it has sent; missing for nothing. */
  readonly auth?: string | undefined;
}

/** The request while nobody has said yet whether it may come in. */
export interface OpenHandshakeFields extends Omit<HandshakeFields, 'subprotocol'> {
  /** Those that the client offers. */
  readonly subprotocols: readonly string[];
  /** Whether it came by TLS. */
  readonly secure: boolean;
}

/** What `onWebSocketConnect` is given. */
export interface Handshake {
  /** Path and query: `/chat?room=1`. */
  readonly url: string;
  /** The query's parameters, decoded; of one that occurs twice, the last. */
  readonly query: Readonly<Partial<Record<string, string>>>;
  /** The same with all values of each, in their order: `{ 'a[]': ['1', '2'] }` of `?a[]=1&a[]=2`. */
  readonly queryAll: Readonly<Partial<Record<string, readonly string[]>>>;
  /** By lower-case name. */
  readonly headers: Readonly<Partial<Record<string, string>>>;
  readonly cookies: Readonly<Partial<Record<string, string>>>;
  readonly remoteAddress: string;
  /** The subprotocol that was agreed on, of those that the listener is configured with; null for none. */
  readonly subprotocol: string | null;
  /** What the client has shown to be, where the listener asks (`tls.requestCert`); null where it has not. */
  readonly certificate: ClientCertificate | null;
  /** The namespace of Socket.IO that it asks for, `/` for the main one; null for a client that speaks something else. */
  readonly namespace: string | null;
  /** What a client of Socket.IO gives for its authentication (`io(url, { auth })`); null for nothing, and for what is no object. */
  readonly auth: Readonly<Record<string, unknown>> | null;
}

/** What `onHandshake` is given: a client that asks to come in. */
export interface HandshakeRequest extends Omit<Handshake, 'subprotocol'> {
  /** The url without its query: `/chat`. */
  readonly path: string;
  /** Whose page it is, as a browser says: `https://example.com`; null for a client that is no page. */
  readonly origin: string | null;
  /** The subprotocols that it offers, the one that it likes best first. */
  readonly subprotocols: readonly string[];
  /** Whether it came to a `wss` port. */
  readonly secure: boolean;
  readonly remotePort: number;
  /** The port that it came in by. */
  readonly gatewayPort: number;
}

/** Makes the body of ON_WEBSOCKET_CONNECT, or of ON_HANDSHAKE, for our workers. */
export function encodeHandshake(request: HandshakeFields | OpenHandshakeFields): Buffer {
  return Buffer.from(JSON.stringify(request));
}

/** Makes the body of ON_WEBSOCKET_CONNECT for a PHP worker out of one for ours. @throws GW_FRAME */
export function toPhpHandshake(body: Buffer): Buffer {
  const { method, url, httpVersion, headers, remoteAddress, remotePort, serverPort } = ourFields(body);
  const query = queryOf(url);
  const server = new Map<PhpKey, PhpValue>();
  // Node gives a character for each byte of a header
  const set = (key: string, value: string): void => void server.set(key, phpString(value));
  set('QUERY_STRING', query);
  set('REQUEST_METHOD', method);
  set('REQUEST_URI', url);
  set('SERVER_PROTOCOL', `HTTP/${httpVersion}`);
  set('SERVER_NAME', text(headers.host));
  if (headers['content-type'] === undefined) server.set('CONTENT_TYPE', null);
  else set('CONTENT_TYPE', text(headers['content-type']));
  set('REMOTE_ADDR', remoteAddress);
  server.set('REMOTE_PORT', remotePort).set('SERVER_PORT', serverPort);
  for (const name of Object.keys(headers)) {
    set(`HTTP_${name.toUpperCase().replaceAll('-', '_')}`, text(headers[name]));
  }
  return serialize(
    new Map<string, PhpValue>([
      ['get', parsePhpQuery(query)],
      ['server', server],
      ['cookie', parsePhpCookies(text(headers.cookie))],
    ]),
  );
}

/**
 * Reads the body of ON_WEBSOCKET_CONNECT, ours or a PHP gateway's.
 *
 * @param address the client's, which PHP's gateways before 4.0 do not repeat here
 * @throws GW_SERIALIZE, GW_FRAME
 */
export function decodeHandshake(body: Buffer, address = ''): Handshake {
  return body[0] === BRACE ? fromOurs(ourFields(body)) : fromPhp(strings(serverFields(body)), address);
}

/** Reads the body of ON_HANDSHAKE. @throws GW_FRAME */
export function decodeHandshakeRequest(body: Buffer): HandshakeRequest {
  const { subprotocol: _, ...handshake } = decodeHandshake(body);
  const { url, headers } = handshake;
  const { subprotocols, secure, remotePort, serverPort } = ourFields(body) as unknown as OpenHandshakeFields;
  return {
    path: url.split('?', 1)[0],
    ...handshake,
    origin: headers.origin ?? null,
    subprotocols,
    secure,
    remotePort,
    gatewayPort: serverPort,
  };
}

function fromOurs(fields: HandshakeFields): Handshake {
  const { url, headers: given, remoteAddress, subprotocol = '', certificate = null } = fields;
  const { namespace = null, auth } = fields;
  const headers = emptyRecord<string>();
  for (const name of Object.keys(given)) headers[name] = text(given[name]);
  return {
    url,
    ...parseQuery(queryOf(url)),
    headers,
    cookies: parseCookies(headers.cookie ?? ''),
    remoteAddress,
    subprotocol: subprotocol === '' ? null : subprotocol,
    certificate,
    namespace,
    auth: auth === undefined ? null : parseAuth(auth),
  };
}

function fromPhp(server: Readonly<Record<string, string>>, address: string): Handshake {
  const headers = emptyRecord<string>();
  if (server.SERVER_NAME !== undefined) headers.host = server.SERVER_NAME;
  for (const [key, header] of Object.entries(server)) {
    if (key.startsWith('HTTP_')) headers[key.slice(5).toLowerCase().replaceAll('_', '-')] = header;
  }
  return {
    url: server.REQUEST_URI ?? '/',
    ...parseQuery(server.QUERY_STRING ?? ''),
    headers,
    cookies: parseCookies(server.HTTP_COOKIE ?? ''),
    remoteAddress: server.REMOTE_ADDR ?? address,
    // Workerman's gateways agree on none
    subprotocol: null,
    certificate: null,
    namespace: null,
    auth: null,
  };
}

function ourFields(body: Buffer): HandshakeFields {
  let fields: HandshakeFields;
  try {
    fields = JSON.parse(body.toString()) as HandshakeFields;
  } catch (cause) {
    throw new GatewayError(
      'GW_FRAME',
      `A websocket handshake came that is no JSON: ${(cause as Error).message}.`,
      { cause },
    );
  }
  if (typeof fields.url === 'string' && typeof fields.headers === 'object' && fields.headers !== null)
    return fields;
  throw new GatewayError(
    'GW_FRAME',
    'A websocket handshake came without a text `url` and an object `headers`.',
  );
}

function serverFields(body: Buffer): ReadonlyMap<PhpKey, PhpDecoded> {
  const value = unserialize(body);
  const server = value instanceof Map ? value.get('server') : undefined;
  if (server instanceof Map) return server;
  throw new GatewayError('GW_FRAME', 'A websocket handshake came that is no map with a map `server`.');
}

/** Without a prototype, so that any key may come. */
function emptyRecord<Value>(): Record<string, Value> {
  return Object.create(null) as Record<string, Value>;
}

function queryOf(url: string): string {
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
}

function parseQuery(encoded: string): Pick<Handshake, 'query' | 'queryAll'> {
  const query = emptyRecord<string>();
  const queryAll = emptyRecord<string[]>();
  for (const [name, value] of new URLSearchParams(encoded)) {
    query[name] = value;
    (queryAll[name] ??= []).push(value);
  }
  return { query, queryAll };
}

/** Whoever asks to come in may send anything. */
function parseAuth(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown> | null)
      : null;
  } catch {
    return null;
  }
}

function parseCookies(header: string): Record<string, string> {
  const cookies = emptyRecord<string>();
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
  const result = emptyRecord<string>();
  for (const [key, item] of entries) {
    if (typeof item === 'string' || typeof item === 'number') result[String(key)] = String(item);
    else if (Buffer.isBuffer(item)) result[String(key)] = item.toString('latin1');
  }
  return result;
}
