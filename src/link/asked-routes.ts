import { type GatewayAddress, isAt, parseClientId } from '../wire/client-id.js';

/**
 * How many words of ROUTE_CLIENT with Flag.OWN are without an answer, by client id: until that comes, no thread of the slot
 * is to begin with what waits of the client. So a thread that takes over has to know, and one that has taken over already,
 * when a handler that was pending in the thread before it has asked since.
 */
export class AskedRoutes {
  readonly #asked = new Map<string, number>();
  /** Those of them that the thread which serves has not been told. */
  readonly #untold = new Map<string, number>();

  /** @param told whether the thread that serves has asked itself */
  asked(clientId: string, told: boolean): void {
    this.#asked.set(clientId, (this.#asked.get(clientId) ?? 0) + 1);
    if (!told) this.#untold.set(clientId, (this.#untold.get(clientId) ?? 0) + 1);
  }

  /** So many have their answer. */
  answered(clientId: string, count: number): void {
    const left = (this.#asked.get(clientId) ?? 0) - count;
    if (left > 0) this.#asked.set(clientId, left);
    else this.moved(clientId);
  }

  /** The client is another worker's from now on. */
  moved(clientId: string): void {
    this.#asked.delete(clientId);
    this.#untold.delete(clientId);
  }

  /** A gateway is gone, and will not answer. */
  forget(gateway: GatewayAddress): void {
    for (const id of this.#asked.keys()) if (isAt(gateway, parseClientId(id))) this.moved(id);
  }

  /** How many there are that the thread which serves does not know of. From now on it does. */
  tell(clientId: string): number {
    const count = this.#untold.get(clientId) ?? 0;
    this.#untold.delete(clientId);
    return count;
  }

  /** All of them, for a thread that is going to serve. */
  tellAll(): Array<readonly [clientId: string, count: number]> {
    this.#untold.clear();
    return [...this.#asked];
  }
}
