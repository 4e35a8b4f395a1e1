/// <reference lib="esnext.disposable" preserve="true" />
import { QueryCalls } from '../api/query-calls.js';
import { type Answer, PendingQueries } from '../api/pending-queries.js';
import type { Message, Name } from '../api/arguments.js';
import { INNER_BUFFER_SIZE } from '../base/buffer-size.js';
import { systemClock } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import { readInnerTls } from '../net/inner-socket.js';
import { byteLength } from '../wire/frame.js';
import { base64Text, packNamed } from '../wire/named-bytes.js';
import { toPhpSession } from '../wire/php-session.js';
import { type Session, encodeSession } from '../wire/session.js';
import { ClientTransport } from './client-transport.js';
import { Discovery } from './discovery.js';

const EMPTY_PHP_ARRAY = Buffer.from('a:0:{}');

export interface GatewayClientOptions {
  /** `host:port` of a Register, or of each: `cluster.registerAddress` of the nodes. One that answers is enough. */
  readonly registerAddress: string | readonly string[];
  /** The word that the cluster shares: `cluster.secretKey`. */
  readonly secretKey?: string;
  /** PEM files, as `cluster.tls`: what this process shows, and who has to have signed what the nodes show. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string };
  /** Milliseconds for a Register to answer, for a gateway to take a connection, and for the last answers in `close`. Default 5000. */
  readonly timeout?: number;
}

/**
 * The Gateway API for any other process: a web site, a cron job. Every call of GatewayWorker's GatewayClient, to a cluster of
 * ours or of PHP's, over one connection to each gateway.
 *
 * It connects when it is first used; `await connect()` says at once whether it can. It keeps the process alive until it is
 * closed, as a database's client does: `await client.close()`, or `await using client = new GatewayClient(…)`.
 *
 * A send returns before it is known whether it arrives: what was lost on the way, with a gateway that died, is thrown by the
 * next `drained` or `close`. Everything else is thrown by the call that it is about.
 */
export class GatewayClient extends QueryCalls {
  readonly #discovery: Discovery;
  readonly #transport: ClientTransport;
  #closed: Promise<void> | undefined;

  /** @throws GW_ARGUMENT for options that cannot be used, GW_CLUSTER for a PEM file that cannot be read */
  constructor(options: GatewayClientOptions) {
    super();
    const { registerAddress, secretKey = '', tls, timeout = 5000 } = checkOptions(options);
    const connection = { secretKey, tls: tls && readInnerTls(tls), timeout };
    const requests = new PendingQueries(systemClock);
    this.#discovery = new Discovery({
      ...connection,
      registers: checkAddresses(registerAddress),
      onGateways: (gateways) => this.#transport.setGateways(gateways),
    });
    this.#transport = new ClientTransport({
      ...connection,
      bufferSize: INNER_BUFFER_SIZE,
      clock: systemClock,
      requests,
      discover: () => this.#discovery.start(),
    });
    this.attach({ transport: this.#transport, requests });
  }

  /**
   * Asks the Registers which gateways there are; the client follows those that come and go from then on.
   *
   * @throws GW_CLUSTER when no Register answers
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
    this.#closed ??= this.#transport.close().finally(() => this.#discovery.close());
    return this.#closed;
  }

  /** {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
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

  /** To the owner of a key it is that of the cluster: a GatewayClient belongs to no node. */
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
    ext: (exclude: Record<number, number> | null) => string,
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

const OPTIONS: readonly string[] = [
  'registerAddress',
  'secretKey',
  'tls',
  'timeout',
] satisfies (keyof GatewayClientOptions)[];

/** What a caller without types can get wrong. */
function checkOptions(options: GatewayClientOptions): GatewayClientOptions {
  if (typeof options !== 'object' || options === null) {
    throw refused('was given no options', '{ registerAddress: "127.0.0.1:1236", … }');
  }
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key));
  if (unknown !== undefined) throw refused(`has no option ${unknown}`, OPTIONS.join(', '));
  const { secretKey, timeout } = options;
  if (secretKey !== undefined && typeof secretKey !== 'string') {
    throw refused(`was given a secretKey of type ${typeof secretKey}`, 'a string');
  }
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout > 0)) {
    throw refused(`was given ${JSON.stringify(timeout)} as its timeout`, 'milliseconds above 0');
  }
  return options;
}

function checkAddresses(registerAddress: string | readonly string[]): readonly string[] {
  const addresses = typeof registerAddress === 'string' ? [registerAddress] : (registerAddress ?? []);
  for (const address of addresses) {
    if (typeof address === 'string' && /^[^:]+:\d{1,5}$/.test(address)) continue;
    throw refused(
      `was given ${JSON.stringify(address)} as a registerAddress`,
      'host:port, such as 127.0.0.1:1236',
    );
  }
  if (addresses.length > 0) return addresses;
  throw refused('was given no registerAddress', 'host:port of at least one Register, such as 127.0.0.1:1236');
}

function refused(found: string, expected: string): GatewayError {
  return new GatewayError('GW_ARGUMENT', `GatewayClient ${found}; expected ${expected}.`);
}
