import {
  type ClientAddress,
  type GatewayAddress,
  formatClientId,
  isAt,
  parseClientId,
} from '../wire/client-id.js';

/** Clients that this thread itself has closed and never seen. Most are other workers', so that none of their events comes. */
const MOST_OWN = 1000;

/** Clients that were closed before this thread has seen an event of them. */
export class ClosedUnseen {
  /** By a thread before it: their events, or at least their ends, are still to come. */
  readonly #inherited = new Set<string>();
  /** By this one: their first events may lie in the ring. Oldest first. */
  readonly #own = new Set<string>();

  inherit(clientId: string): void {
    this.#inherited.add(clientId);
  }

  add({ localIp, localPort, connectionId }: Readonly<ClientAddress>): void {
    const [oldest] = this.#own;
    if (this.#own.size >= MOST_OWN) this.#own.delete(oldest);
    this.#own.add(formatClientId(localIp, localPort, connectionId));
  }

  /** Whether a client whose first event comes is one of them; then it is none any more. */
  take(client: { readonly id: string }): boolean {
    if (this.#inherited.size + this.#own.size === 0) return false;
    const inherited = this.#inherited.delete(client.id);
    return this.#own.delete(client.id) || inherited;
  }

  /** The link to a gateway broke: whether its clients were closed nobody knows. @returns those that others had closed */
  forget(gateway: GatewayAddress): ClientAddress[] {
    for (const id of this.#own) if (isAt(gateway, parseClientId(id))) this.#own.delete(id);
    const forgotten: ClientAddress[] = [];
    for (const id of this.#inherited) {
      const client = parseClientId(id);
      if (!isAt(gateway, client)) continue;
      this.#inherited.delete(id);
      forgotten.push(client);
    }
    return forgotten;
  }
}
