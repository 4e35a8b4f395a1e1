import { isIPv4 } from 'node:net';
import { keepAliveClock } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import { type InnerTls, splitAddress } from '../net/inner-socket.js';
import { createLogger } from '../base/log.js';
import { Membership } from '../register/membership.js';
import { type GatewayAddress, ipToNumber } from '../wire/client-id.js';

/** Milliseconds that the other Registers have once one has answered: each may know gateways that the others do not. */
const GRACE = 250;

const PING_INTERVAL = 25_000;

export interface DiscoveryOptions {
  /** `host:port` of each Register. */
  readonly registers: readonly string[];
  readonly secretKey: string;
  readonly tls: InnerTls | undefined;
  /** Milliseconds until one has to have answered. */
  readonly timeout: number;
  /** The gateways, whenever they change. */
  onGateways(gateways: readonly GatewayAddress[]): void;
}

/** Which gateways there are, as the Registers say: asked as a worker asks, and followed from then on. */
export class Discovery {
  readonly #options: DiscoveryOptions;
  #membership: Membership | undefined;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  /** Asks every Register. `onGateways` has been called when this resolves. @throws GW_CLUSTER when none answers in time */
  async start(): Promise<void> {
    const { registers, secretKey, tls, timeout } = this.#options;
    const membership = new Membership({
      registers,
      secretKey,
      tls,
      pingInterval: PING_INTERVAL,
      // a call waits for the answer, and between two attempts there is no connection to keep the process alive
      clock: keepAliveClock,
      // what goes wrong is thrown by the calls
      log: createLogger({ level: 'silent', destination: { write() {} } }),
    });
    this.#membership = membership;
    let gateways: readonly GatewayAddress[] = [];
    let started = false;
    const named = new Promise<void>((resolve) => {
      membership.watch((addresses) => {
        gateways = addresses.flatMap(gatewaysAt);
        if (started) this.#options.onGateways(gateways);
        else resolve();
      });
    });
    await Promise.race([named.then(() => membership.settled(GRACE)), membership.settled(timeout)]);
    if (gateways.length === 0 && !membership.status().some(({ state }) => state === 'joined')) {
      const problems = membership
        .status()
        .map(({ address, lastError }) => lastError ?? `${address} has not answered.`);
      this.close();
      throw new GatewayError(
        'GW_CLUSTER',
        `No Register answered within ${timeout} ms, so no gateway is known. ${problems.join(' ')}`,
      );
    }
    started = true;
    this.#options.onGateways(gateways);
  }

  close(): void {
    this.#membership?.close();
    this.#membership = undefined;
  }
}

/** A client id has room for an IPv4 address: clients of a gateway by any other name could not be addressed. */
export function gatewaysAt(address: string): GatewayAddress[] {
  const { host, port } = splitAddress(address);
  return isIPv4(host) ? [{ ip: ipToNumber(host), port }] : [];
}
