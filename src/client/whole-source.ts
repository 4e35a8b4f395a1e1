import type { GatewayAddress } from '../wire/client-id.js';
import type { BackboneMember } from './backbone-member.js';
import type { GatewaySource } from './cluster-calls.js';
import { Discovery, type DiscoveryOptions } from './discovery.js';

/** Which gateways there are in all cells: the backbone knows those of the others, and Registers, if there are any, those of the own. */
export class WholeSource implements GatewaySource {
  readonly #member: BackboneMember;
  readonly #options: DiscoveryOptions;
  #discovery: Discovery | undefined;

  constructor(member: BackboneMember, options: DiscoveryOptions) {
    this.#member = member;
    this.#options = options;
  }

  /** @throws GW_BACKBONE, GW_CONFIG, GW_CLUSTER */
  async start(): Promise<void> {
    await this.#member.join();
    const options = this.#options;
    if (options.registers.length === 0) {
      options.onGateways([]);
      return;
    }
    let checked = false;
    const discovery = new Discovery({
      ...options,
      onGateways: (gateways: readonly GatewayAddress[]) => {
        if (!checked) this.#member.checkCell(gateways);
        checked = true;
        options.onGateways(gateways);
      },
    });
    try {
      await discovery.start();
    } catch (error) {
      discovery.close();
      throw error;
    }
    this.#discovery = discovery;
  }

  async close(): Promise<void> {
    this.#discovery?.close();
    await this.#member.close();
  }
}
