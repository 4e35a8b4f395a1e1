import type { Socket } from 'node:net';
import type { Clock, Timer } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import { type InnerTls, connectInner } from '../net/inner-socket.js';
import { QueryConnection } from '../cluster/query-connection.js';
import type { GatewayReplies, GatewayWay } from './gateway-way.js';
import { type GatewayAddress, formatAddress, numberToIp } from '../wire/client-id.js';
import { isQuery } from '../wire/command.js';
import { type Frame, MAX_FRAME_LENGTH, MAX_INNER_PACKAGE, frameLength } from '../wire/frame.js';

/** Milliseconds in which nobody knocks again after a gateway could not be reached. */
const RETRY_INTERVAL = 1000;

/** Bytes of the longest reply taken: every session of a few hundred thousand clients. */
const MAX_REPLY_LENGTH = 256 * 1024 * 1024;

const PING_INTERVAL = 25_000;

export interface GatewayConnectionOptions extends GatewayReplies {
  readonly secretKey: string;
  readonly tls: InnerTls | undefined;
  readonly clock: Clock;
  /** Milliseconds for connecting, and for the last answers while closing. */
  readonly timeout: number;
  /** Bytes that may wait before `send` returns false; beyond twice as many it throws. */
  readonly bufferSize: number;
  /** What waited has gone out, or is lost. */
  onDrained(): void;
  /** The connection ended, and with it every answer that was still to come. `lost` when something that was sent may not have arrived. */
  onEnded(error: GatewayError | undefined, lost: boolean): void;
}

/** The way to one gateway: connects when it is used, and again when it is used after the connection broke. */
export class GatewayConnection implements GatewayWay {
  readonly address: GatewayAddress;
  readonly #name: string;
  readonly #options: GatewayConnectionOptions;
  #link: QueryConnection | undefined;
  /** Whether anything but queries was sent on this link: who asked learns from the missing answer that it is gone. */
  #commanded = false;
  /** Bytes of the longest frame that was sent on this link, when PHP's gateways hang up on such a one; else 0. */
  #longest = 0;
  /** Until when the last failure speaks for the gateway. */
  #retryAt = 0;
  #failure: GatewayError | undefined;

  constructor(address: GatewayAddress, options: GatewayConnectionOptions) {
    this.address = address;
    this.#name = `the gateway ${formatAddress(address)}`;
    this.#options = options;
  }

  get open(): boolean {
    return this.#link !== undefined;
  }

  get congested(): boolean {
    return this.#link?.congested === true;
  }

  /** Why nothing can be sent at present: it was tried a moment ago. */
  get failure(): GatewayError | undefined {
    return this.#link === undefined && this.#options.clock.now() < this.#retryAt ? this.#failure : undefined;
  }

  /** @throws GW_OVERFLOW */
  checkRoom(): void {
    const { bufferSize } = this.#options;
    const link = this.#link;
    if (link === undefined || !link.congested || link.bufferedBytes <= 2 * bufferSize) return;
    throw new GatewayError(
      'GW_OVERFLOW',
      `${link.bufferedBytes} bytes wait for ${this.#name}, more than twice its buffer (${bufferSize}); after a send returned false, await drained() before more.`,
    );
  }

  /** @returns false when much waits. @throws GW_LINK_CLOSED while it cannot be reached */
  send(frame: Frame): boolean {
    const { failure } = this;
    if (failure !== undefined) {
      throw new GatewayError(
        'GW_LINK_CLOSED',
        `${this.#name} could not be reached a moment ago: ${failure.message}`,
        { cause: failure },
      );
    }
    this.#checkLength(frame);
    this.#link ??= this.#connect();
    if (!isQuery(frame.command)) this.#commanded = true;
    return this.#link.send(frame);
  }

  /** Lets out what was sent and waits for the last answers. */
  async close(): Promise<void> {
    await this.#link?.close(this.#options.timeout);
  }

  /** @throws GW_ARGUMENT */
  #checkLength(frame: Frame): void {
    // a character takes three bytes at most
    if ((frame.ext.length + frame.body.length) * 3 < MAX_INNER_PACKAGE) return;
    const length = frameLength(frame);
    if (length <= MAX_INNER_PACKAGE) return;
    if (length > MAX_FRAME_LENGTH) {
      throw new GatewayError(
        'GW_ARGUMENT',
        `A message would make ${length} bytes on the way to ${this.#name}; gateways take ${MAX_FRAME_LENGTH} at most, and PHP's ${MAX_INNER_PACKAGE}. Nothing was sent: send it in parts.`,
      );
    }
    this.#longest = Math.max(this.#longest, length);
  }

  /** What a gateway of PHP's does with a message that is too long for it cannot be told from its end otherwise. */
  #explained(error: GatewayError | undefined): GatewayError | undefined {
    if (error === undefined || this.#longest === 0) return error;
    return new GatewayError(
      error.code,
      `${error.message} A message of ${this.#longest} bytes had been sent: PHP's gateways hang up on more than ${MAX_INNER_PACKAGE}.`,
      { cause: error },
    );
  }

  #connect(): QueryConnection {
    const { secretKey, tls, clock, timeout, bufferSize } = this.#options;
    const { ip, port } = this.address;
    let deadline: Timer | undefined;
    const dial = (): Socket => {
      deadline = clock.setTimeout(() => {
        link.destroy(
          new GatewayError('GW_LINK_CLOSED', `${this.#name} did not take a connection within ${timeout} ms.`),
        );
      }, timeout);
      return connectInner({ host: numberToIp(ip), port }, tls, () => deadline?.cancel());
    };
    const link: QueryConnection = new QueryConnection(dial(), {
      name: this.#name,
      secretKey,
      bufferSize,
      maxReplyLength: MAX_REPLY_LENGTH,
      clock,
      pingInterval: PING_INTERVAL,
      dial,
      onReply: (requestId, value) => this.#options.onReply(requestId, value),
      onUnanswered: (requestId) => this.#options.onUnanswered(requestId),
      onDrained: () => this.#options.onDrained(),
      onClosed: (error) => {
        deadline?.cancel();
        this.#ended(link, error);
      },
    });
    return link;
  }

  #ended(link: QueryConnection, reason: GatewayError | undefined): void {
    this.#link = undefined;
    const error = this.#explained(reason);
    this.#longest = 0;
    if (error !== undefined && !link.answered) {
      this.#failure = error;
      this.#retryAt = this.#options.clock.now() + RETRY_INTERVAL;
    }
    const lost = error !== undefined && this.#commanded && (!link.answered || link.bufferedBytes > 0);
    this.#commanded = false;
    this.#options.onEnded(error, lost);
    this.#options.onDrained();
  }
}
