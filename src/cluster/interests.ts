import { type GatewayAddress, addressKey } from '../wire/client-id.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { GatewayInterest, LinkInterest } from './gateway-interest.js';
import { SendNames } from './send-names.js';

/**
 * The interests of all gateways that tell them, for all links of a process. They are followed from its first send to a uid
 * or a group on: a process that sends none costs nobody anything.
 */
export class Interests {
  readonly #gateways = new Map<number, GatewayInterest>();
  readonly #names = new SendNames();
  #wanted = false;

  /** A link is up to a gateway that tells its interest. @param send sends a frame over it */
  open({ ip, port }: GatewayAddress, send: (frame: ReceivedFrame) => void): LinkInterest {
    const key = addressKey(ip, port);
    let gateway = this.#gateways.get(key);
    if (gateway === undefined) {
      gateway = new GatewayInterest();
      this.#gateways.set(key, gateway);
    }
    const link = new LinkInterest(gateway, this.#wanted, send);
    gateway.add(link, this.#wanted);
    return link;
  }

  /** The link is no more. */
  close({ ip, port }: GatewayAddress, link: LinkInterest): void {
    const key = addressKey(ip, port);
    const gateway = this.#gateways.get(key);
    gateway?.delete(link);
    if (gateway?.unused === true) this.#gateways.delete(key);
  }

  /**
   * Whom a frame is for, if it is for the clients of certain uids or groups: hashes of those names, valid until the next call.
   * Undefined for all others, and where no gateway tells its interest.
   */
  namesOf(frame: ReceivedFrame): readonly number[] | undefined {
    if (this.#gateways.size === 0 || !this.#names.read(frame)) return undefined;
    if (!this.#wanted) this.#begin();
    return this.#names.hashes;
  }

  #begin(): void {
    this.#wanted = true;
    for (const gateway of this.#gateways.values()) gateway.begin();
  }
}
