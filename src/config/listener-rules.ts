import { GatewayError } from '../base/errors.js';
import { type ListenUrl, parseListenUrl } from './listen-url.js';
import type { Problem } from './problem.js';
import { isRecord } from './record.js';
import { SCHEME_OPTIONS, SCHEMES, schemesTaking } from './schemes.js';

/**
 * What JSON Schema cannot say of `gateway.listen`: well-formed URLs, options that fit their scheme, no port twice.
 * Takes a configuration that the schema may have refused, so that both kinds of problem are reported at once.
 */
export function listenerProblems(config: unknown): Problem[] {
  const problems: Problem[] = [];
  const taken = new Map<string, number>();
  for (const [index, listener] of entries(config)) {
    if (!isRecord(listener) || typeof listener.url !== 'string' || listener.url === '') continue;
    const key = `gateway.listen[${index}]`;
    const url = parse(listener.url, `${key}.url`, problems);
    if (!url) continue;
    problems.push(...misfits(listener, url, key), ...proxyProblems(config, listener, url, key));

    if (url.port === 0) continue;
    const place = `${url.transport} ${url.host.toLowerCase()} ${url.port}`;
    const first = taken.get(place);
    if (first === undefined) taken.set(place, index);
    else {
      const text = `found ${JSON.stringify(listener.url)}, expected a host and port of its own: gateway.listen[${first}] has the same`;
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

/** An option on a scheme that would ignore it is a mistake, and one that could go unnoticed for long. */
function* misfits(listener: Record<string, unknown>, { scheme }: ListenUrl, key: string): Generator<Problem> {
  if (SCHEMES[scheme].options.includes('tls') && listener.tls === undefined) {
    yield { key: `${key}.tls`, text: `missing, expected { cert, key }: ${scheme} needs a certificate` };
  }
  for (const option of SCHEME_OPTIONS) {
    if (listener[option] === undefined || SCHEMES[scheme].options.includes(option)) continue;
    const schemes = schemesTaking(option).join(' or ');
    const text = `found with a listener of scheme ${scheme}, expected only with ${schemes}`;
    yield { key: `${key}.${option}`, text };
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
