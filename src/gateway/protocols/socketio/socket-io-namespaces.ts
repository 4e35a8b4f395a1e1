import type { ClientProtocol } from '../protocol.js';
import { MAIN } from './socket-io-packet.js';
import { SocketIoProtocol } from './socket-io-protocol.js';

/** Any, in the list of namespaces. */
const ANY = '*';

/** A namespace that somebody is in. */
export class Namespace {
  readonly name: string;
  /** What stands before the rest of its packets: `/admin,`; nothing for the main one. */
  readonly prefix: string;
  /** How many are in it. */
  members = 0;
  readonly #protocols = new Map<ClientProtocol, SocketIoProtocol>();

  constructor(name: string) {
    this.name = name;
    this.prefix = name === MAIN ? '' : `${name},`;
  }

  /** @param frames how packets look on a client's websocket */
  protocolOn(frames: ClientProtocol): SocketIoProtocol {
    let protocol = this.#protocols.get(frames);
    if (protocol === undefined) {
      protocol = new SocketIoProtocol(this.prefix, frames, (others) => this.protocolOn(others));
      this.#protocols.set(frames, protocol);
    }
    return protocol;
  }
}

/** The namespaces of a listener: there may be any number of them, so one that nobody is in is forgotten. */
export class Namespaces {
  readonly #any: boolean;
  readonly #allowed: ReadonlySet<string>;
  readonly #present = new Map<string, Namespace>();

  /** @param allowed as configured */
  constructor(allowed: readonly string[]) {
    this.#any = allowed.includes(ANY);
    this.#allowed = new Set(allowed);
  }

  allows(name: string): boolean {
    return this.#any || this.#allowed.has(name);
  }

  /** Somebody comes in. */
  enter(name: string): Namespace {
    let namespace = this.#present.get(name);
    if (namespace === undefined) {
      namespace = new Namespace(name);
      this.#present.set(name, namespace);
    }
    namespace.members++;
    return namespace;
  }

  /** Somebody who came in has left. */
  leave(namespace: Namespace): void {
    if (--namespace.members === 0) this.#present.delete(namespace.name);
  }
}
