import { GatewayError } from '../base/errors.js';
import {
  type GatewayAddress,
  OTHER_CELLS_PORT,
  addressKey,
  formatClientId,
  parseClientId,
} from '../wire/client-id.js';
import { Command, Flag } from '../wire/command.js';
import { type Frame, emptyFrame } from '../wire/frame.js';
import { type Answer, PartialResultError, type PendingQueries } from './pending-queries.js';
import type { Message } from './arguments.js';
import type { KnownGateway, Transport } from './transport.js';

/** A body that is no PLAIN_BODY is PHP-serialized, and this is how PHP says that there is nothing. */
const PHP_NULL = 'N;';

/** What the API is connected to. */
export interface ApiChannel {
  readonly transport: Transport;
  readonly requests: Pick<PendingQueries, 'expect'>;
}

const NO_ADDRESS: GatewayAddress = { ip: 0, port: 0 };

/** Instead of a message: there is none, which is not the same as an empty one. */
export const NO_MESSAGE = Symbol('no message');

/** How calls become frames. */
export abstract class BaseCalls {
  #connection: ApiChannel | undefined;
  readonly #frame = emptyFrame();
  /** The one of {@link sendToOneGateway}. */
  #relay: GatewayAddress | undefined;

  /** @internal Connects the API to a worker thread's link, or to a client's links. */
  attach(connection: ApiChannel): void {
    this.#connection = connection;
  }

  /** @internal Calls throw again. */
  detach(): void {
    this.#connection = undefined;
  }

  protected get transport(): Transport {
    return this.#connected().transport;
  }

  /** Sends to every gateway. */
  protected sendToGateways(
    command: number,
    ext: string | Uint8Array,
    message: Message | typeof NO_MESSAGE = '',
    flags = 0,
  ): boolean {
    return this.#send(this.#fill(command, 0, 0, 0, ext, message, flags));
  }

  /**
   * Sends to a gateway of the own cell that knows of keys and workers: always the same one for as long as it is up, so that
   * what goes by it stays in order. In a node that has one, that is the node's own.
   *
   * @throws GW_LINK_CLOSED when there is none
   */
  protected sendToOneGateway(command: number, ext: string, message: Message): boolean {
    const usable = this.transport
      .gateways()
      .filter(({ up, routes, cell }) => up && routes && cell === undefined);
    const { ip, port } = this.#relay ?? NO_ADDRESS;
    const relay = usable.find((gateway) => gateway.ip === ip && gateway.port === port) ?? usable.at(0);
    if (relay === undefined) {
      throw new GatewayError(
        'GW_LINK_CLOSED',
        'No gateway that brings messages to workers can be reached: there is none of ours, or it is down or of an older version. GatewayWorker’s for PHP do not bring any.',
      );
    }
    this.#relay = { ip: relay.ip, port: relay.port };
    return this.#send(this.#fill(command, relay.ip, relay.port, 0, ext, message, 0));
  }

  /** Sends to the gateway that holds a client. */
  protected sendToHolder(
    clientId: string,
    command: number,
    ext: string | Uint8Array = '',
    message: Message | typeof NO_MESSAGE = '',
    flags = 0,
  ): boolean {
    const { localIp, localPort, connectionId } = parseClientId(clientId);
    return this.#send(this.#fill(command, localIp, localPort, connectionId, ext, message, flags));
  }

  /**
   * Sends to some clients: one frame per gateway, with the connection ids of its clients.
   *
   * @throws GW_LINK_CLOSED when some are at a gateway without a link: the others were sent to
   */
  protected sendToHolders(clientIds: readonly string[], message: Message, flags: number): boolean {
    const holders = [...byGateway(clientIds).values()];
    const isUp = ({ ip, port }: GatewayAddress): boolean => this.#gatewayAt(ip, port)?.up === true;
    let writable = true;
    // those without a link come last, and the first of them throws
    for (const { ip, port, ids } of [...holders.filter(isUp), ...holders.filter((holder) => !isUp(holder))]) {
      const ext = JSON.stringify({ connections: keyedById(ids) });
      if (!this.#send(this.#fill(Command.SEND_TO_ALL, ip, port, 0, ext, message, flags))) writable = false;
    }
    return writable;
  }

  /**
   * Sends to every gateway, each with the connection ids of its own clients that are left out: the same connection id
   * is another client at another gateway. Those of other cells are sent one frame for all, with whole client ids.
   *
   * @param ext makes the ext_data, for one gateway's excluded connections, for client ids or for null
   */
  protected sendExcept(
    excluded: readonly string[],
    command: number,
    ext: (exclude: Record<number, number> | readonly string[] | null) => string,
    message: Message,
    flags: number,
  ): boolean {
    if (excluded.length === 0) return this.sendToGateways(command, ext(null), message, flags);
    const left = byGateway(excluded);
    const gateways = this.transport.gateways();
    let writable = true;
    // first, so that nothing has been sent to anybody when it is refused
    if (gateways.some(({ cell }) => cell !== undefined))
      writable = this.#send(this.#fill(command, 0, OTHER_CELLS_PORT, 0, ext(excluded), message, flags));
    for (const { ip, port, up, cell } of gateways) {
      if (!up || cell !== undefined) continue;
      const ids = left.get(addressKey(ip, port))?.ids;
      const data = ext(ids === undefined ? null : keyedById(ids));
      if (!this.#send(this.#fill(command, ip, port, 0, data, message, flags))) writable = false;
    }
    return writable;
  }

  /**
   * Asks every gateway.
   *
   * @param merge makes the call's result of what the gateways said
   * @throws PartialResultError when some did not answer in time
   */
  protected async ask<T>(
    call: string,
    command: number,
    ext: string,
    merge: (answers: readonly Answer[]) => T,
  ): Promise<T> {
    return await this.#query(call, this.transport.gateways(), command, 0, ext, merge);
  }

  /** Asks the gateway that holds a client. */
  protected async askHolder<T>(
    call: string,
    clientId: string,
    command: number,
    ext: string,
    merge: (answers: readonly Answer[]) => T,
  ): Promise<T> {
    const holder = this.holder(clientId);
    const { connectionId } = parseClientId(clientId);
    return await this.#query(call, holder === undefined ? [] : [holder], command, connectionId, ext, merge);
  }

  /** The gateway that holds a client; undefined when none is known at the address in the client id. */
  protected holder(clientId: string): KnownGateway | undefined {
    const { localIp, localPort } = parseClientId(clientId);
    return this.#gatewayAt(localIp, localPort);
  }

  #gatewayAt(ip: number, port: number): KnownGateway | undefined {
    return this.transport.gateways().find((gateway) => gateway.ip === ip && gateway.port === port);
  }

  async #query<T>(
    call: string,
    gateways: readonly KnownGateway[],
    command: number,
    connectionId: number,
    ext: string,
    merge: (answers: readonly Answer[]) => T,
  ): Promise<T> {
    const { transport, requests } = this.#connected();
    transport.flushSession();
    const ids = new Map<number, GatewayAddress>();
    const down: GatewayAddress[] = [];
    for (const gateway of gateways) {
      if (!gateway.up) {
        down.push(gateway);
        continue;
      }
      const id = transport.nextRequestId();
      const frame = this.#fill(command, gateway.ip, gateway.port, connectionId, ext, '', Flag.REQUEST);
      frame.clientIp = id;
      transport.send(frame);
      ids.set(id, gateway);
    }
    const { answers, missing } = await requests.expect(ids, down);
    const result = merge(answers);
    if (missing.length > 0) throw new PartialResultError(call, result, missing);
    return result;
  }

  #send(frame: Frame): boolean {
    return this.transport.send(frame);
  }

  #fill(
    command: number,
    ip: number,
    port: number,
    connectionId: number,
    ext: string | Uint8Array,
    message: Message | typeof NO_MESSAGE,
    flags: number,
  ): Frame {
    const frame = this.#frame;
    frame.command = command;
    frame.localIp = ip;
    frame.localPort = port;
    frame.clientIp = 0;
    frame.connectionId = connectionId;
    frame.ext = ext;
    if (message === NO_MESSAGE) {
      frame.flags = flags;
      frame.body = PHP_NULL;
    } else {
      frame.flags = flags | (typeof message === 'string' ? Flag.PLAIN_BODY : Flag.PLAIN_BODY | Flag.BINARY);
      frame.body = message;
    }
    return frame;
  }

  #connected(): ApiChannel {
    if (this.#connection === undefined) {
      throw new GatewayError(
        'GW_LINK_CLOSED',
        'The Gateway API was called where no worker runs; call it in events/, which the framework loads.',
      );
    }
    return this.#connection;
  }
}

/** `{7: 7}`: how GatewayWorker writes a set of connection ids. */
function keyedById(ids: readonly number[]): Record<number, number> {
  return Object.fromEntries(ids.map((id) => [id, id]));
}

function byGateway(clientIds: readonly string[]): Map<number, { ip: number; port: number; ids: number[] }> {
  const gateways = new Map<number, { ip: number; port: number; ids: number[] }>();
  for (const clientId of clientIds) {
    const { localIp: ip, localPort: port, connectionId } = parseClientId(clientId);
    const key = addressKey(ip, port);
    const entry = gateways.get(key);
    if (entry === undefined) gateways.set(key, { ip, port, ids: [connectionId] });
    else entry.ids.push(connectionId);
  }
  return gateways;
}

/** The client id of a connection at a gateway. */
export function clientIdAt(gateway: GatewayAddress, connectionId: number): string {
  return formatClientId(gateway.ip, gateway.port, connectionId);
}
