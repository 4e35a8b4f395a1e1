import { resolve } from 'node:path';
import { GatewayError } from '../base/errors.js';
import { LONGEST_SOCKET_PATH, ROOM_FOR_PID } from '../base/socket-path.js';
import { type ListenUrl, parseListenUrl } from './listen-url.js';
import type { Problem } from './problem.js';
import { isRecord } from './record.js';
import { SCHEME_OPTIONS, SCHEMES, schemesTaking } from './schemes.js';
import { tlsProblems } from './tls-rules.js';

/** Bytes of the path of a listener's socket, which has a longer name while it is being opened. */
const LONGEST_LISTENER_PATH = LONGEST_SOCKET_PATH - ROOM_FOR_PID;

/**
 * What JSON Schema cannot say of `gateway.listen`: well-formed URLs, options that fit their scheme and each other, no port
 * twice. Takes a configuration that the schema may have refused, so that both kinds of problem are reported at once.
 *
 * @param directory the folder that relative paths start from
 */
export function listenerProblems(config: unknown, directory: string): Problem[] {
  const problems: Problem[] = [];
  const taken = new Map<string, number>();
  for (const [index, listener] of entries(config)) {
    if (!isRecord(listener) || typeof listener.url !== 'string' || listener.url === '') continue;
    const key = `gateway.listen[${index}]`;
    const url = parse(listener.url, `${key}.url`, problems);
    if (!url) continue;
    problems.push(...misfits(listener, url, key), ...proxyProblems(config, listener, url, key));
    if (isRecord(listener.tls)) problems.push(...tlsProblems(listener.tls, `${key}.tls`));

    const place = placeOf(url, directory);
    const { length } = Buffer.from(place);
    if (url.transport === 'unix' && length > LONGEST_LISTENER_PATH) {
      const text = `found a path of ${length} bytes, ${JSON.stringify(place)}; expected at most ${LONGEST_LISTENER_PATH}, since the system allows a socket no longer one`;
      problems.push({ key: `${key}.url`, text });
    }
    if (url.transport !== 'unix' && url.port === 0) continue;
    const first = taken.get(place);
    if (first === undefined) taken.set(place, index);
    else {
      const own = url.transport === 'unix' ? 'a path' : 'a host and port';
      const text = `found ${JSON.stringify(listener.url)}, expected ${own} of its own: gateway.listen[${first}] has the same`;
      problems.push({ key: `${key}.url`, text });
    }
  }
  return problems;
}

function entries(config: unknown): Iterable<[number, unknown]> {
  if (!isRecord(config) || !isRecord(config.gateway) || !Array.isArray(config.gateway.listen)) return [];
  return config.gateway.listen.entries();
}

function parse(text: string, key: string, problems: Problem[]): ListenUrl | undefined {
  try {
    return parseListenUrl(text);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    problems.push({ key, text: error.message });
    return undefined;
  }
}

/** What no other listener may have. */
function placeOf({ transport, host, port, path }: ListenUrl, directory: string): string {
  return transport === 'unix' ? resolve(directory, path) : `${transport} ${host.toLowerCase()} ${port}`;
}

/** An option on a scheme that would ignore it is a mistake, and one that could go unnoticed for long. */
function* misfits(
  listener: Record<string, unknown>,
  { scheme, transport }: ListenUrl,
  key: string,
): Generator<Problem> {
  const { needs, options } = SCHEMES[scheme];
  if (needs !== undefined && listener[needs] === undefined) {
    yield { key: `${key}.tls`, text: `missing, expected { cert, key }: ${scheme} needs a certificate` };
  }
  for (const option of SCHEME_OPTIONS) {
    if (listener[option] === undefined || options.includes(option)) continue;
    const text = `found with a listener of scheme ${scheme}, expected only with ${schemesTaking(option, 'or')}`;
    yield { key: `${key}.${option}`, text };
  }
  if (listener.mode !== undefined && transport !== 'unix') {
    const text = 'found with a listener that has a port, expected only with a unix socket';
    yield { key: `${key}.mode`, text };
  }
  if (isRecord(listener.rate) && listener.rate.messages === undefined && listener.rate.bytes === undefined) {
    yield {
      key: `${key}.rate`,
      text: 'found neither messages nor bytes, expected how much a client may send',
    };
  }
}

/** Where nobody is trusted, `proxy` would change nothing, or let nobody in. */
function* proxyProblems(
  config: unknown,
  { proxy }: Record<string, unknown>,
  { scheme }: ListenUrl,
  key: string,
): Generator<Problem> {
  if (proxy === undefined || !SCHEMES[scheme].options.includes('proxy')) return;
  if (proxy === 'forwarded' && !SCHEMES[scheme].options.includes('static')) {
    const text = `found "forwarded" with a listener of scheme ${scheme}, which has no headers, expected "proxy-protocol"`;
    yield { key: `${key}.proxy`, text };
  }
  const trusted = isRecord(config) && isRecord(config.gateway) ? config.gateway.trustedProxies : undefined;
  if (trusted !== undefined && !(Array.isArray(trusted) && trusted.length === 0)) return;
  const text = `found ${JSON.stringify(proxy)} while gateway.trustedProxies names nobody, expected the proxies’ addresses there, such as ["loopback"] for one on this machine`;
  yield { key: `${key}.proxy`, text };
}
