import { type ClientAddress, type GatewayAddress, addressKey } from '../wire/client-id.js';

/**
 * A map by client: by its gateway and by its connection id there, since the same connection id at another gateway is
 * another client. Looking up clients of one gateway after another costs no more than a map by connection id.
 */
export class ClientMap<T> {
  readonly #gateways = new Map<number, Map<number, T>>();
  /** The gateway that was looked up last. */
  #lastIp = -1;
  #lastPort = -1;
  #last: Map<number, T> | undefined;

  get(client: Readonly<ClientAddress>): T | undefined {
    return this.#at(client)?.get(client.connectionId);
  }

  set(client: Readonly<ClientAddress>, value: T): void {
    let clients = this.#at(client);
    if (clients === undefined) {
      clients = new Map();
      this.#gateways.set(addressKey(client.localIp, client.localPort), clients);
      this.#last = clients;
    }
    clients.set(client.connectionId, value);
  }

  delete(client: Readonly<ClientAddress>): void {
    const clients = this.#at(client);
    if (clients?.delete(client.connectionId) !== true || clients.size > 0) return;
    this.#gateways.delete(addressKey(client.localIp, client.localPort));
    this.#last = undefined;
  }

  /** Those of all gateways. */
  *values(): Generator<T> {
    for (const clients of this.#gateways.values()) yield* clients.values();
  }

  /** Those of one gateway. They may be deleted meanwhile. */
  of({ ip, port }: GatewayAddress): Iterable<T> {
    return this.#gateways.get(addressKey(ip, port))?.values() ?? [];
  }

  #at({ localIp, localPort }: Readonly<ClientAddress>): Map<number, T> | undefined {
    if (localIp !== this.#lastIp || localPort !== this.#lastPort) {
      this.#lastIp = localIp;
      this.#lastPort = localPort;
      this.#last = this.#gateways.get(addressKey(localIp, localPort));
    }
    return this.#last;
  }
}
