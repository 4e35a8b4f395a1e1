import type { Clock } from '../../base/clock.js';
import type { ListenerConfig } from '../../config/schema.js';
import { UNIX_ADDRESS } from '../../net/address.js';

/** Half of the addresses that are remembered for having come in: of those that have not for a second there is nothing to remember. */
const REMEMBERED = 32_768;
/** Of an IPv6 address, the groups that tell one network from another: whoever has one address has all others of its /64. */
const NETWORK_GROUPS = 4;
const SECOND = 1000;

/** How much of a listener one address may take: an IPv4 address, or a /64 of IPv6. */
export class AddressLimits {
  readonly #clock: Clock;
  readonly #maxConnections: number;
  readonly #perSecond: number;
  readonly #connections = new Map<string, number>();
  /** Until when (milliseconds) what an address has had of its rate is made up for: those that came last, and those before. */
  #spent = new Map<string, number>();
  #spentBefore = new Map<string, number>();

  constructor({ maxConnectionsPerAddress = 0, newConnectionsPerAddress = 0 }: Limits, clock: Clock) {
    this.#maxConnections = maxConnectionsPerAddress;
    this.#perSecond = newConnectionsPerAddress;
    this.#clock = clock;
  }

  /** Whether another client may come in from there; `crowded`: there are too many, `hurried`: they come too fast. */
  admit(address: string): 'welcome' | 'crowded' | 'hurried' {
    const network = networkOf(address);
    // the other end of a unix socket
    if (network === '') return 'welcome';
    if (this.#perSecond > 0 && !this.#spend(network)) return 'hurried';
    return this.#isCrowded(network) ? 'crowded' : 'welcome';
  }

  entered(address: string): void {
    const network = networkOf(address);
    this.#connections.set(network, (this.#connections.get(network) ?? 0) + 1);
  }

  left(address: string): void {
    const network = networkOf(address);
    const connections = this.#connections.get(network) ?? 0;
    if (connections > 1) this.#connections.set(network, connections - 1);
    else this.#connections.delete(network);
  }

  #isCrowded(network: string): boolean {
    return this.#maxConnections > 0 && (this.#connections.get(network) ?? 0) >= this.#maxConnections;
  }

  /** @returns whether so many a second have not come yet; one that is turned away does not count */
  #spend(network: string): boolean {
    const now = this.#clock.now();
    const before = this.#spent.get(network) ?? this.#spentBefore.get(network) ?? 0;
    const spent = Math.max(now, before) + SECOND / this.#perSecond;
    if (spent > now + SECOND + 1) return false;
    this.#spent.set(network, spent);
    if (this.#spent.size >= REMEMBERED) {
      this.#spentBefore = this.#spent;
      this.#spent = new Map();
    }
    return true;
  }
}

type Limits = Pick<ListenerConfig, 'maxConnectionsPerAddress' | 'newConnectionsPerAddress'>;

/** An IPv4 address itself, and the first half of one of IPv6; '' for the other end of a unix socket. */
export function networkOf(address: string): string {
  if (address === UNIX_ADDRESS) return '';
  if (!address.includes(':')) return address;
  const [head, tail = ''] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === '' ? [] : tail.split(':');
  const missing = 8 - before.length - after.length - (tail.includes('.') ? 1 : 0);
  const groups = [...before, ...Array.from({ length: Math.max(0, missing) }, () => '0'), ...after];
  return groups.slice(0, NETWORK_GROUPS).join(':');
}
