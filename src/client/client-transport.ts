import type { Requests } from '../api/requests.js';
import type { KnownGateway, Transport } from '../api/transport.js';
import { GatewayError } from '../base/errors.js';
import { Queue } from '../base/queue.js';
import { type GatewayAddress, formatAddress } from '../wire/client-id.js';
import { type Frame, decodeFrame, encodeFrame } from '../wire/frame.js';
import { unserialize } from '../wire/php-serialize.js';
import { GatewayConnection, type GatewayConnectionOptions } from './gateway-connection.js';

export interface ClientTransportOptions
  extends Omit<GatewayConnectionOptions, 'onReply' | 'onUnanswered' | 'onDrained' | 'onEnded'> {
  readonly requests: Requests;
  /** Asks a Register which gateways there are: {@link ClientTransport.setGateways} is called before this resolves. */
  readonly discover: () => Promise<void>;
}

/**
 * The Gateway API's way out of a process that is no node: one connection to each gateway. Until it is known which gateways
 * there are, sends are held back in their order.
 *
 * A send returns before it is known whether it arrives. What is found out to be lost after that is thrown by the next
 * {@link drained} or {@link close}.
 */
export class ClientTransport implements Transport {
  readonly #options: ClientTransportOptions;
  /** By address; undefined until it is known which there are. */
  #connections: Map<string, GatewayConnection> | undefined;
  /** The addresses that the Registers name. */
  #listed: ReadonlySet<string> = new Set();
  #connecting: Promise<void> | undefined;
  #held: Array<() => void> = [];
  #heldBytes = 0;
  #lost: GatewayError | undefined;
  #closed = false;
  /** Whether sends go out that were held back: they were accepted, even if the client has been closed since. */
  #releasing = false;
  #lastRequest = 0;
  /** Who waits for room, in the order in which they began to. */
  readonly #waiting = new Queue<() => void>();
  readonly #wakeNext = (): void => this.#wake();

  constructor(options: ClientTransportOptions) {
    this.#options = options;
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
    const connections = (this.#connections ??= new Map<string, GatewayConnection>());
    this.#listed = new Set(gateways.map(formatAddress));
    for (const gateway of gateways) {
      const name = formatAddress(gateway);
      if (!connections.has(name)) connections.set(name, this.#connection(gateway));
    }
    for (const [name, { open }] of connections) {
      if (!open && !this.#listed.has(name)) connections.delete(name);
    }
    this.#releasing = true;
    for (const send of this.#takeHeld()) {
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
    return this.hold(bytes.length, () => this.#route(decodeFrame(bytes)));
  }

  /**
   * Keeps a send until it is known which gateways there are, and begins to find out.
   *
   * @param send must not need anything that the caller may change
   * @returns as {@link send}
   * @throws GW_OVERFLOW
   */
  hold(bytes: number, send: () => void): boolean {
    this.#checkOpen();
    const { bufferSize } = this.#options;
    if (this.#heldBytes > 2 * bufferSize) {
      throw new GatewayError(
        'GW_OVERFLOW',
        `${this.#heldBytes} bytes wait until a Register has answered, more than twice the buffer (${bufferSize}); await connect() before the first send.`,
      );
    }
    this.#held.push(send);
    this.#heldBytes += bytes;
    // whether it fails is said by drained() and close()
    this.connect().catch(() => {});
    return this.#heldBytes < bufferSize;
  }

  async drained(): Promise<void> {
    await this.#connecting?.catch(() => {});
    this.#throwLost();
    if (this.#congested) await new Promise<void>((resolve) => this.#waiting.push(resolve));
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
      if (this.#takeHeld().length > 0) this.#lost ??= error as GatewayError;
      throw error;
    } finally {
      this.#connecting = undefined;
    }
  }

  #takeHeld(): Array<() => void> {
    this.#heldBytes = 0;
    return this.#held.splice(0);
  }

  #connection(address: GatewayAddress): GatewayConnection {
    const { requests } = this.#options;
    return new GatewayConnection(address, {
      ...this.#options,
      onReply: (requestId, value) => requests.answer(requestId, unserialize(value)),
      onUnanswered: (requestId) => requests.fail(requestId),
      onDrained: () => this.#wake(),
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

  /** There is room again. Those that wait go on one after another, since the first few may fill it. */
  #wake(): void {
    if (this.#waiting.length === 0 || this.#congested) return;
    this.#waiting.shift()?.();
    setImmediate(this.#wakeNext);
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
