import { type GatewayAddress, OTHER_CELLS_PORT, addressKey } from '../wire/client-id.js';
import { WorkerState } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import {
  GatewayDialler,
  type GatewayDiallerOptions,
  type GatewayDiallerOwner,
  type GatewayDiallerStatus,
} from './gateway-dialler.js';
import type { CellWay, CellWayOwner, OtherCells } from './other-cells.js';
import type { Link, LinkSubscriber } from '../link/link.js';
import type { SlotLink, SlotSorter } from '../link/slot-link.js';
import type { GatewayState } from '../link/gateway-state.js';

export interface LinkSetOptions extends GatewayDiallerOptions {
  /** The gateway of this process; undefined when it has none. */
  readonly localGateway: GatewayAddress | undefined;
  /** Gateways that no link leads to; undefined without a backbone. */
  readonly otherCells?: OtherCells | undefined;
  /** What its thread has to know of the gateways has changed. */
  readonly onChange: () => void;
  /** The link to a gateway broke, with the events that were on their way. */
  readonly onBroken: (link: GatewayDialler, error: Error) => void;
  /** A gateway could not be dialled, for a reason that is new; it is tried again. */
  readonly onUnreached: (link: GatewayDialler, error: Error) => void;
  /** A gateway that was lost, or could not be dialled, is there. */
  readonly onReached: (link: GatewayDialler) => void;
}

/**
 * What lies between a slot and the gateways: the one of this process is handed the slot's rings as its link, every other one
 * is reached over a connection of its own. They belong to the slot, so that no link dies with a thread.
 */
export class LinkSet implements SlotSorter, GatewayDiallerOwner, CellWayOwner {
  /** For the gateway of this process. */
  readonly local: Link | undefined;
  readonly #slot: SlotLink;
  readonly #options: LinkSetOptions;
  readonly #localGateway: GatewayAddress | undefined;
  #localSubscriber: LinkSubscriber | undefined;
  readonly #remote = new Map<number, GatewayDialler>();
  readonly #cells: CellWay | undefined;
  #onConnected: (() => void)[] = [];
  #leaving = false;

  constructor(slot: SlotLink, options: LinkSetOptions) {
    this.#slot = slot;
    this.#options = options;
    this.#localGateway = options.localGateway;
    this.#cells = options.otherCells?.open(this);
    if (options.localGateway === undefined) {
      slot.subscribe(this);
    } else {
      this.local = slot;
      slot.sortBy(this);
    }
  }

  /** The gateways that there are besides this process's own. A link that works is kept, whoever is named. */
  setGateways(addresses: readonly GatewayAddress[]): void {
    if (this.#leaving) return;
    for (const link of this.#remote.values()) link.wanted = false;
    for (const address of addresses) {
      if (isAt(this.#localGateway, address.ip, address.port)) continue;
      const key = addressKey(address.ip, address.port);
      const known = this.#remote.get(key);
      if (known === undefined) this.#remote.set(key, new GatewayDialler(address, this, this.#options));
      else known.wanted = true;
    }
    for (const link of this.#remote.values()) if (!link.wanted && !link.up) this.#forget(link);
    this.#changed();
  }

  /** What the slot's thread has to know. A gateway that has just come is not asked before it is reached, as in GatewayWorker. */
  get gateways(): GatewayState[] {
    const states = [...this.#remote.values()].filter(({ tried }) => tried).map((link) => link.forThread);
    if (this.#cells !== undefined) states.push(...this.#cells.gateways);
    if (this.#localGateway === undefined) return states;
    return [{ ...this.#localGateway, up: true, php: false, routes: true, gauge: null }, ...states];
  }

  /** How the gateways on other nodes are reached. */
  get status(): GatewayDiallerStatus[] {
    return Array.from(this.#remote.values(), (link) => link.status);
  }

  /** Resolves when every gateway is up. */
  async connected(): Promise<void> {
    if (!this.#isConnected) await new Promise<void>((resolve) => this.#onConnected.push(resolve));
  }

  /** Tells every gateway whether the slot takes events, if that has changed. */
  showState(): void {
    for (const link of this.#remote.values()) link.showState();
  }

  /** Asks the gateways for no further events. Resolves when the last one has come from each. */
  async leave(): Promise<void> {
    this.#leaving = true;
    await Promise.all(Array.from(this.#remote.values(), async (link) => await link.leave()));
  }

  /** Lets out what was sent, and ends the links to other nodes. @param timeout milliseconds after which they end in any case */
  async close(timeout: number): Promise<void> {
    this.#leaving = true;
    await Promise.all(Array.from(this.#remote.values(), async (link) => await link.close(timeout)));
  }

  /** Ends them at once. */
  destroy(): void {
    this.#leaving = true;
    for (const link of this.#remote.values()) link.destroy();
  }

  // ---- the slot's rings ----

  subscribed(subscriber: LinkSubscriber): void {
    this.#localSubscriber = subscriber;
  }

  /** A command: for one gateway, or without an address for all. */
  frame(frame: ReceivedFrame): void {
    const { localIp, localPort } = frame;
    if (isAt(this.#localGateway, localIp, localPort)) {
      this.#localSubscriber?.frame(frame, 0);
    } else if (localIp !== 0) {
      const link = this.#remote.get(addressKey(localIp, localPort));
      if (link === undefined) {
        this.#cells?.send(frame);
        return;
      }
      const names = this.#options.interests.namesOf(frame);
      if (names === undefined || link.concerns(names)) link.send(frame, frame.copy());
    } else if (localPort === OTHER_CELLS_PORT) {
      this.#cells?.sendToAll(frame);
    } else {
      this.#toAll(frame);
    }
  }

  congested(): void {
    this.showState();
  }

  drained(): void {
    this.showState();
    this.#localSubscriber?.drained();
  }

  closed(error?: Error): void {
    this.destroy();
    this.#localSubscriber?.closed(error);
  }

  #toAll(frame: ReceivedFrame): void {
    if (this.#remote.size > 0) this.#toOthers(frame);
    this.#cells?.sendToAll(frame);
    this.#localSubscriber?.frame(frame, 0);
  }

  /** What is for clients of certain uids or groups goes where there are any. */
  #toOthers(frame: ReceivedFrame): void {
    const names = this.#options.interests.namesOf(frame);
    let bytes: Buffer | undefined;
    for (const link of this.#remote.values()) {
      if (names !== undefined && !link.concerns(names)) continue;
      bytes ??= frame.copy();
      link.send(frame, bytes);
    }
  }

  cellsChanged(): void {
    this.#options.onChange();
  }

  // ---- the gateways of other nodes ----

  get workerState(): number {
    const { ready, congested, handshakes, requests } = this.#slot;
    return (
      (ready ? WorkerState.READY : 0) |
      (congested ? WorkerState.CONGESTED : 0) |
      (handshakes ? WorkerState.HANDSHAKES : 0) |
      (requests ? WorkerState.REQUESTS : 0)
    );
  }

  receive(frame: ReceivedFrame): void {
    if (this.#slot.state === 'open' && !this.#slot.relay(frame)) this.showState();
  }

  broke(link: GatewayDialler, error: Error): void {
    if (this.#leaving) return;
    this.#slot.forget(link.address);
    this.#options.onBroken(link, error);
  }

  unreached(link: GatewayDialler, error: Error): void {
    this.#options.onUnreached(link, error);
  }

  reached(link: GatewayDialler): void {
    this.#options.onReached(link);
  }

  changed(link: GatewayDialler): void {
    if (!link.wanted && !link.up) this.#forget(link);
    this.#changed();
  }

  #forget(link: GatewayDialler): void {
    link.destroy();
    this.#remote.delete(addressKey(link.address.ip, link.address.port));
  }

  #changed(): void {
    if (this.#isConnected) for (const resolve of this.#onConnected.splice(0)) resolve();
    this.#options.onChange();
  }

  get #isConnected(): boolean {
    for (const link of this.#remote.values()) if (!link.up) return false;
    return true;
  }
}

function isAt(gateway: GatewayAddress | undefined, ip: number, port: number): boolean {
  return gateway !== undefined && gateway.ip === ip && gateway.port === port;
}
