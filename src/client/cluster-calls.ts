import { QueryCalls } from '../api/query-calls.js';
import { type Answer, PendingQueries } from '../api/pending-queries.js';
import type { Message, Name } from '../api/arguments.js';
import { INNER_BUFFER_SIZE } from '../base/buffer-size.js';
import { systemClock } from '../base/clock.js';
import type { InnerTls } from '../net/inner-tls.js';
import type { GatewayAddress } from '../wire/client-id.js';
import { byteLength } from '../wire/frame.js';
import { base64Text, packNamed } from '../wire/named-bytes.js';
import { toPhpSession } from '../wire/php-session.js';
import { type Session, encodeSession } from '../wire/session.js';
import { ClientTransport } from './client-transport.js';
import type { OtherWays, OwnWay } from './gateway-way.js';

const EMPTY_PHP_ARRAY = Buffer.from('a:0:{}');

/** Who says which gateways there are: now, and whenever they change. */
export interface GatewaySource {
  /** The gateways have been handed on when this resolves. @throws GW_CLUSTER */
  start(): Promise<void>;
  close(): void;
}

export interface ClusterCallsOptions {
  readonly secretKey: string;
  readonly tls: InnerTls | undefined;
  /** Milliseconds for a gateway to take a connection, and for the last answers in `close`. */
  readonly timeout: number;
  /** The way to the gateway of this process, if it has one: to all others there are connections. */
  readonly own?: OwnWay | undefined;
  /** Those to gateways of other cells. */
  readonly others?: OtherWays | undefined;
  readonly source: (onGateways: (gateways: readonly GatewayAddress[]) => void) => GatewaySource;
}

/** The Gateway API for whoever is no worker: over one connection to each gateway, made when it is first used. */
export class ClusterCalls extends QueryCalls {
  readonly #source: GatewaySource;
  readonly #transport: ClientTransport;
  #closed: Promise<void> | undefined;

  constructor({ source, ...options }: ClusterCallsOptions) {
    super();
    const requests = new PendingQueries(systemClock);
    this.#source = source((gateways) => this.#transport.setGateways(gateways));
    this.#transport = new ClientTransport({
      ...options,
      bufferSize: INNER_BUFFER_SIZE,
      clock: systemClock,
      requests,
      discover: () => this.#source.start(),
    });
    this.attach({ transport: this.#transport, requests });
  }

  /**
   * Asks which gateways there are; those that come and go are followed from then on.
   *
   * @throws GW_CLUSTER when nobody says so
   */
  async connect(): Promise<void> {
    await this.#transport.connect();
  }

  /**
   * Lets out what was sent, waits for the last answers and ends every connection. A second call joins the first.
   *
   * @throws what was lost of what was sent
   */
  close(): Promise<void> {
    this.#closed ??= this.#transport.close().finally(() => this.#source.close());
    return this.#closed;
  }

  /** PHP's workers may be about to read it, and ours read PHP's format, too. */
  protected override sessionBytes(session: Session): Buffer {
    const bytes = encodeSession(session, true);
    // to merge no bytes at all is an error to a PHP gateway
    return bytes.length === 0 ? EMPTY_PHP_ARRAY : toPhpSession(bytes);
  }

  protected override async ask<T>(
    call: string,
    command: number,
    ext: string,
    merge: (answers: readonly Answer[]) => T,
  ): Promise<T> {
    await this.#known();
    return await super.ask(call, command, ext, merge);
  }

  protected override async askHolder<T>(
    call: string,
    clientId: string,
    command: number,
    ext: string,
    merge: (answers: readonly Answer[]) => T,
  ): Promise<T> {
    await this.#known();
    return await super.askHolder(call, clientId, command, ext, merge);
  }

  /** It cannot tell whose gateways it sends to, and PHP's know of no bytes in a named message. */
  protected override withBytes(text: string, attachments: readonly Uint8Array[]): Message {
    return base64Text(packNamed(text, attachments)).toString();
  }

  /** To the owner of a key it is that of the cluster: who is no worker belongs to no node. */
  override sendToWorker(to: Name | { readonly name: string }, data: unknown): boolean {
    return super.sendToWorker(to, data, { scope: 'cluster' });
  }

  protected override sendToOneGateway(command: number, ext: string, message: Message): boolean {
    return this.#toKnown(message, (kept) => super.sendToOneGateway(command, ext, kept));
  }

  protected override sendToHolders(clientIds: readonly string[], message: Message, flags: number): boolean {
    const ids = [...clientIds];
    return this.#toKnown(message, (kept) => super.sendToHolders(ids, kept, flags));
  }

  protected override sendExcept(
    excluded: readonly string[],
    command: number,
    ext: (exclude: Record<number, number> | readonly string[] | null) => string,
    message: Message,
    flags: number,
  ): boolean {
    const ids = [...excluded];
    return this.#toKnown(message, (kept) => super.sendExcept(ids, command, ext, kept, flags));
  }

  async #known(): Promise<void> {
    if (!this.#transport.connected) await this.connect();
    if (this.#transport.gateways().length === 0) this.#transport.checkReachable();
  }

  /** For sends whose frames depend on the gateways that there are. */
  #toKnown(message: Message, send: (message: Message) => boolean): boolean {
    const reachable = (kept: Message): boolean => {
      this.#transport.checkReachable();
      return send(kept);
    };
    if (this.#transport.connected) return reachable(message);
    const kept = typeof message === 'string' ? message : Buffer.from(message);
    return this.#transport.sendLater(byteLength(kept), () => reachable(kept));
  }
}
