import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { Refusal } from './refusal.js';

const PORT = /:\d*$/;

/**
 * Under which names the admin listener may be spoken to, and by whose pages. A page of anybody's can have its own name
 * resolve to this machine (DNS rebinding); then the browser says that name as the Host. An address cannot be made up so.
 */
export class Hosts {
  readonly #names: ReadonlySet<string>;

  /** @param names beside `localhost` and addresses */
  constructor(names: readonly string[]) {
    this.#names = new Set(['localhost', ...names.map((name) => name.toLowerCase())]);
  }

  /** @throws Refusal */
  checkHost({ host = '' }: IncomingHttpHeaders): void {
    const name = host.replace(PORT, '').toLowerCase();
    if (this.#names.has(name) || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0) return;
    throw new Refusal(
      421,
      `The Host header is ${JSON.stringify(host.slice(0, 100))}; expected localhost, an address, or a name that admin.hosts has.`,
    );
  }

  /**
   * Refuses what a page of another host, or port, asks for.
   *
   * @returns the Origin; undefined when none is said, as by a program
   * @throws Refusal
   */
  checkOrigin({ origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders): string | undefined {
    if (origin === undefined) {
      if (site === undefined || site === 'same-origin' || site === 'none') return undefined;
      throw foreign(`a page of another site (Sec-Fetch-Site: ${site.slice(0, 100)})`);
    }
    // a proxy may speak TLS in place of this listener, so the schemes may differ
    if (origin.replace(/^https?:\/\//i, '').toLowerCase() === host?.toLowerCase()) return origin;
    throw foreign(
      `a page of ${JSON.stringify(origin.slice(0, 100))} (Origin), while its Host is ${JSON.stringify(host)}`,
    );
  }
}

function foreign(found: string): Refusal {
  return new Refusal(
    403,
    `The request came from ${found}; expected one of the admin listener itself, or of no page. A proxy before it has to pass the Host header on as it is.`,
  );
}
