import type { LogOnce } from '../../base/log-once.js';
import { type GatewayAddress, formatClientId } from '../../wire/client-id.js';
import type { EventClient } from '../worker-peer.js';

const EMPTY = Buffer.alloc(0);

/** Clients' sessions as PHP reads them. */
export class PhpSessions {
  readonly #address: GatewayAddress;
  readonly #problems: LogOnce;

  /** @param address the gateway's */
  constructor(address: GatewayAddress, problems: LogOnce) {
    this.#address = address;
    this.#problems = problems;
  }

  /** A client's session; empty when it has none, or one that PHP cannot hold. */
  of({ id, state }: EventClient): Buffer {
    try {
      return state?.phpBytes ?? EMPTY;
    } catch (error) {
      const clientId = formatClientId(this.#address.ip, this.#address.port, id);
      this.#problems.warn('session', { clientId }, `PHP is not given a session: ${(error as Error).message}`);
      return EMPTY;
    }
  }
}
