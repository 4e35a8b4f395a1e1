import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type OriginParts, parseOrigin } from '../../config/origin-pattern.js';
import type { ListenerContext } from './listener-context.js';

/** Characters of an origin that the log shows. */
const LONGEST_ORIGIN = 200;
/** What may follow the name in a Host header. */
const PORT = /:\d*$/;
const WILDCARD = '*.';
/** What browsers say for a page that is nobody's: a sandboxed frame, a file. */
const OPAQUE = 'null';

/**
 * Whose pages may open a websocket. A browser lets any page connect to any host, with that host's cookies, and only says
 * whose page it is: whoever does not look lets a foreign page speak for the user who has it open.
 */
export class Origins {
  /** Whether all may. */
  readonly all: boolean;
  /** Undefined: those of the host that they connect to. */
  readonly #listed: ReadonlySet<string> | undefined;
  /** Those whose subdomains are meant. */
  readonly #parents: readonly OriginParts[];

  /** @param origins as configured */
  constructor(origins: readonly string[] | undefined) {
    const parts = (origins ?? []).flatMap((text) => parseOrigin(text) ?? []);
    this.all = origins?.includes('*') === true;
    this.#listed = origins && new Set([...parts.map(keyOf), ...origins.filter((text) => text === OPAQUE)]);
    this.#parents = parts.filter(({ host }) => host.startsWith(WILDCARD));
  }

  /**
   * Whether a handshake may come in. A client that says no origin is no page, and may.
   *
   * @param host the Host header: a name, and perhaps a port
   */
  admit(headers: IncomingHttpHeaders, host = headers.host ?? ''): boolean {
    const origin = originOf(headers);
    if (origin === undefined || this.all) return true;
    const parts = parseOrigin(origin);
    if (parts === undefined) return origin === OPAQUE && this.#listed?.has(OPAQUE) === true;
    if (this.#listed === undefined) {
      return parts.host !== '' && parts.host === host.replace(PORT, '').toLowerCase();
    }
    return this.#listed.has(keyOf(parts)) || this.#parents.some((parent) => isBelow(parent, parts));
  }

  /** Logs that a page was refused. @param what it asked for: `ws` */
  report(context: ListenerContext, { headers, socket }: IncomingMessage, what: string): void {
    const origin = JSON.stringify(originOf(headers)?.slice(0, LONGEST_ORIGIN));
    const text = `A page of the origin ${origin} asked for a websocket of the host ${JSON.stringify(headers.host ?? '')}, and was refused.`;
    const remedy = `If it is yours, put its origin into "origins" of the listener ${context.options.url} ("*" is for every page), or let the proxy in front pass on the Host that browsers ask for.`;
    context.host.refused(`${what} origin`, context.senderOf(socket, headers).address, `${text} ${remedy}`);
  }
}

/** What a browser says whose page it is; the second name is that of the protocol's drafts. */
export function originOf(headers: IncomingHttpHeaders): string | undefined {
  return headers.origin ?? headers['sec-websocket-origin']?.toString();
}

function keyOf({ scheme, host, port }: OriginParts): string {
  return `${scheme}://${host}:${port}`;
}

function isBelow(parent: OriginParts, { scheme, host, port }: OriginParts): boolean {
  return scheme === parent.scheme && port === parent.port && host.endsWith(parent.host.slice(1));
}
