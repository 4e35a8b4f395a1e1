import type { PendingQueries } from '../api/pending-queries.js';
import { DrainQueue } from '../api/drain-queue.js';
import type { KnownGateway, Transport } from '../api/transport.js';
import { GatewayError } from '../base/errors.js';
import { type GatewayAddress, formatAddress } from '../wire/client-id.js';
import { type Frame, decodeFrame, encodeFrame } from '../wire/frame.js';
import { unserialize } from '../wire/php-serialize.js';
import { EarlySends } from './early-sends.js';
import { GatewayConnection, type GatewayConnectionOptions } from './gateway-connection.js';
import type { GatewayReplies, GatewayWay, OtherWays, OwnWay } from './gateway-way.js';

export interface ClientTransportOptions
  extends Omit<GatewayConnectionOptions, 'onReply' | 'onUnanswered' | 'onDrained' | 'onEnded'> {
  readonly requests: PendingQueries;
  /** The way to the gateway of this process, if it has one: it needs no connection. */
  readonly own?: OwnWay | undefined;
  /** Those to gateways of other cells, where there is a backbone. */
  readonly others?: OtherWays | undefined;
  /** Asks a Register which gateways there are: {@link ClientTransport.setGateways} is called before this resolves. */
  readonly discover: () => Promise<void>;
}

/**
 * The Gateway API's way out of a process that is no node: one connection to each gateway. Until it is known which gateways
 * there are, sends wait in their order.
 *
 * A send returns before it is known whether it arrives. What is found out to be lost after that is thrown by the next
 * {@link drained} or {@link close}.
 */
export class ClientTransport implements Transport {
  readonly #options: ClientTransportOptions;
  /** By address; undefined until it is known which there are. */
  #connections: Map<string, GatewayWay> | undefined;
  readonly #own: GatewayWay | undefined;
  readonly #others: ReturnType<OtherWays> | undefined;
  /** The addresses that the Registers name. */
  #listed: ReadonlySet<string> = new Set();
  #connecting: Promise<void> | undefined;
  readonly #early: EarlySends;
  #lost: GatewayError | undefined;
  #closed = false;
  /** Whether early sends go out: they were accepted, even if the client has been closed since. */
  #releasing = false;
  #lastRequest = 0;
  readonly #room = new DrainQueue(() => this.#congested);

  constructor(options: ClientTransportOptions) {
    this.#options = options;
    this.#early = new EarlySends(options.bufferSize);
    this.#own = options.own?.(this.#replies);
    this.#others = options.others?.(this.#replies);
  }

  get connected(): boolean {
    return this.#connections !== undefined;
  }

  /** Finds out which gateways there are; at once when that is known. @throws GW_CLUSTER when nobody says so */
  async connect(): Promise<void> {
    this.#checkOpen();
    if (this.connected) return;
    this.#connecting ??= this.#discover();
    await this.#connecting;
  }

  /**
   * The gateways that there are now, as the Registers say. One that they no longer name may still be there: its connection
   * is used as long as it lives.
   */
  setGateways(gateways: readonly GatewayAddress[]): void {
    const connections = (this.#connections ??= new Map<string, GatewayWay>());
    this.#listed = new Set(gateways.map(formatAddress));
    for (const gateway of gateways) {
      const name = formatAddress(gateway);
      if (!connections.has(name)) connections.set(name, this.#way(gateway));
    }
    for (const [name, { open }] of connections) {
      if (!open && !this.#listed.has(name)) connections.delete(name);
    }
    this.#releasing = true;
    for (const send of this.#early.takeAll()) {
      try {
        send();
      } catch (error) {
        this.#lost ??= error as GatewayError;
      }
    }
    this.#releasing = false;
  }

  /** A gateway is up unless it could not be reached a moment ago: the connection is made when it is used. */
  gateways(): readonly KnownGateway[] {
    return Array.from(this.#connections?.values() ?? [], ({ address, failure }) => ({
      ...address,
      up: failure === undefined,
      // ours are spoken to in PHP's way, too
      php: true,
      routes: true,
    }));
  }

  /** @throws GW_LINK_CLOSED when there is no gateway, or none that can be reached */
  checkReachable(): void {
    const gateways = this.gateways();
    if (gateways.some(({ up }) => up)) return;
    throw new GatewayError(
      'GW_LINK_CLOSED',
      gateways.length === 0
        ? 'The Register knows no gateway at present; is one started that announces itself there (cluster.registerAddress)?'
        : `No gateway could be reached a moment ago: ${gateways.map(formatAddress).join(', ')}.`,
    );
  }

  send(frame: Frame): boolean {
    this.#checkOpen();
    if (this.connected) return this.#route(frame);
    const bytes = encodeFrame(frame);
    return this.sendLater(bytes.length, () => this.#route(decodeFrame(bytes)));
  }

  /**
   * Keeps a send until it is known which gateways there are, and begins to find out.
   *
   * @param send must not need anything that the caller may change
   * @returns as {@link send}
   * @throws GW_OVERFLOW
   */
  sendLater(bytes: number, send: () => void): boolean {
    this.#checkOpen();
    this.#early.add(bytes, send);
    // whether it fails is said by drained() and close()
    this.connect().catch(() => {});
    return !this.#early.congested;
  }

  async drained(): Promise<void> {
    await this.#connecting?.catch(() => {});
    this.#throwLost();
    await this.#room.available();
  }

  nextRequestId(): number {
    this.#lastRequest = (this.#lastRequest + 1) >>> 0;
    return this.#lastRequest;
  }

  /** No handler runs here. */
  flushSession(): void {}

  /** No client's state is kept here. */
  changing(): number {
    return 0;
  }

  /** Lets out what was sent and waits for the last answers. @throws what was lost since that was last said */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#connecting?.catch(() => {});
    const connections = [...(this.#connections?.values() ?? [])];
    await Promise.all(connections.map((connection) => connection.close()));
    this.#options.requests.close();
    this.#throwLost();
  }

  get #congested(): boolean {
    for (const connection of this.#connections?.values() ?? []) if (connection.congested) return true;
    return false;
  }

  async #discover(): Promise<void> {
    try {
      await this.#options.discover();
    } catch (error) {
      if (this.#early.takeAll().length > 0) this.#lost ??= error as GatewayError;
      throw error;
    } finally {
      this.#connecting = undefined;
    }
  }

  get #replies(): GatewayReplies {
    const { requests } = this.#options;
    return {
      onReply: (requestId, value) => requests.answer(requestId, unserialize(value)),
      onUnanswered: (requestId) => requests.fail(requestId),
    };
  }

  #way(address: GatewayAddress): GatewayWay {
    const own = this.#own;
    if (own?.address.ip === address.ip && own.address.port === address.port) return own;
    const other = this.#others?.(address);
    if (other !== undefined) return other;
    const { requests } = this.#options;
    return new GatewayConnection(address, {
      ...this.#options,
      ...this.#replies,
      onDrained: () => this.#room.wake(),
      onEnded: (error, lost) => {
        if (lost) this.#lost ??= error;
        const name = formatAddress(address);
        if (!this.#listed.has(name)) this.#connections?.delete(name);
        requests.lost(address);
      },
    });
  }

  #route(frame: Frame): boolean {
    if (frame.localIp === 0) return this.#broadcast(frame);
    const name = formatAddress({ ip: frame.localIp, port: frame.localPort });
    const connection = this.#connections?.get(name);
    if (connection === undefined) {
      throw new GatewayError(
        'GW_LINK_CLOSED',
        `The gateway ${name}, which the client id names, is none of those that the Register knows: ${[...(this.#connections?.keys() ?? [])].join(', ') || 'none'}.`,
      );
    }
    connection.checkRoom();
    return connection.send(frame);
  }

  #broadcast(frame: Frame): boolean {
    this.checkReachable();
    const reachable = [...(this.#connections?.values() ?? [])].filter(({ failure }) => failure === undefined);
    for (const connection of reachable) connection.checkRoom();
    let writable = true;
    for (const connection of reachable) {
      if (!connection.send(frame)) writable = false;
    }
    return writable;
  }

  #checkOpen(): void {
    if (!this.#closed || this.#releasing) return;
    throw new GatewayError(
      'GW_LINK_CLOSED',
      'This GatewayClient was closed; nothing more can be sent or asked.',
    );
  }

  #throwLost(): void {
    const lost = this.#lost;
    this.#lost = undefined;
    if (lost !== undefined) throw lost;
  }
}
