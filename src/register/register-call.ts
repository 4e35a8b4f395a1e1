import type { Socket } from 'node:net';
import type { Clock, Timer } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import { connectInner, type InnerTls, splitAddress } from '../net/inner-socket.js';
import { LineReader } from '../net/line-reader.js';
import {
  encodeRegisterLine,
  MAX_REGISTER_LINE,
  parseRegisterLine,
  REGISTER_PING_INTERVAL,
} from '../wire/register-line.js';

/** Milliseconds from dialling to the first list. */
const ANSWER_TIME = 10_000;
/** Pings that may stay unanswered before the Register counts as gone. */
const UNANSWERED_PINGS = 2;

export interface RegisterCallOptions {
  /** `host:port` */
  readonly address: string;
  readonly secretKey: string;
  readonly tls?: InnerTls;
  /** Milliseconds between two pings; the protocol's own interval where that is shorter. */
  readonly pingInterval: number;
  readonly clock: Clock;
}

/** Who calls. */
export interface RegisterCaller {
  /** The address of this node's gateway, if it is to be announced. */
  readonly gateway: string | undefined;
  /** The Register's list of gateways. @param first the first of this call */
  listed(addresses: readonly string[], first: boolean): void;
  /** The Register has been well for as long as a ping takes to come. */
  steady(): void;
  /** The call has ended otherwise than by {@link RegisterCall.end}; nothing more happens. */
  lost(error: GatewayError): void;
}

/**
 * One connection to a Register, from dialling to its end.
 *
 * It asks for the list as a worker does, and announces this node's gateway on the same connection. A Register answers
 * neither an announcement nor a ping, and turns a wrong key away without a word; but it answers each worker_connect,
 * PHP's as well. So that takes the place of pings here, and shows both that the key is right and that the Register lives:
 * a cut cable closes no connection, and TCP alone would take a quarter of an hour to notice.
 */
export class RegisterCall {
  readonly #options: RegisterCallOptions;
  readonly #caller: RegisterCaller;
  readonly #pingInterval: number;
  readonly #socket: Socket;
  readonly #lines: LineReader;
  /** Whether the introduction was sent. */
  #introduced = false;
  /** Whether the Register has told the list. */
  #answered = false;
  #unanswered = 0;
  #over = false;
  /** The end of the patience with the Register, or the next ping. */
  #timer: Timer;

  /** Dials at once. */
  constructor(options: RegisterCallOptions, caller: RegisterCaller) {
    const { address, tls, clock } = options;
    this.#options = options;
    this.#caller = caller;
    this.#pingInterval = Math.min(options.pingInterval, REGISTER_PING_INTERVAL);
    this.#lines = new LineReader({
      limit: MAX_REGISTER_LINE,
      source: `the connection to the Register ${address}`,
      code: 'GW_REGISTER_LINE',
    });
    const socket = connectInner(splitAddress(address), tls, () => {
      if (!this.#over) this.#introduce();
    });
    this.#socket = socket;
    let cause: Error | undefined;
    socket.setKeepAlive(true, this.#pingInterval);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => (cause = error));
    socket.on('close', () => this.#closed(cause));
    this.#timer = clock.setTimeout(
      () => socket.destroy(clusterError(`${address} has not answered within ${ANSWER_TIME / 1000} s`)),
      ANSWER_TIME,
    );
  }

  /** Whether a gateway that is there is announced by now. */
  get introduced(): boolean {
    return this.#introduced;
  }

  /** Announces the caller's gateway: at once, or with the introduction. */
  announce(): void {
    if (this.#introduced) this.#sendGateway();
  }

  end(): void {
    this.#over = true;
    this.#timer.cancel();
    this.#socket.destroy();
  }

  #introduce(): void {
    this.#introduced = true;
    this.#sendGateway();
    this.#ask();
  }

  #sendGateway(): void {
    const { secretKey } = this.#options;
    const { gateway: address } = this.#caller;
    if (address === undefined) return;
    this.#socket.write(encodeRegisterLine({ event: 'gateway_connect', address, secretKey }));
  }

  #ask(): void {
    const { secretKey } = this.#options;
    this.#socket.write(encodeRegisterLine({ event: 'worker_connect', secretKey }));
  }

  #read(chunk: Buffer): void {
    try {
      for (const line of this.#lines.push(chunk)) {
        if (this.#over) return;
        this.#handle(line);
      }
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#socket.destroy(error);
    }
  }

  #handle(line: string): void {
    const message = parseRegisterLine(line);
    if (message.event !== 'broadcast_addresses') {
      throw new GatewayError(
        'GW_REGISTER_LINE',
        `A Register said ${message.event}, expected broadcast_addresses: is ${this.#options.address} a Register?`,
      );
    }
    const first = !this.#answered;
    if (first) this.#nextPing();
    this.#answered = true;
    this.#unanswered = 0;
    this.#caller.listed(message.addresses, first);
  }

  #nextPing(): void {
    this.#timer.cancel();
    this.#timer = this.#options.clock.setTimeout(() => this.#ping(), this.#pingInterval);
  }

  #ping(): void {
    if (this.#unanswered === UNANSWERED_PINGS) {
      const seconds = (this.#pingInterval * UNANSWERED_PINGS) / 1000;
      this.#socket.destroy(clusterError(`${this.#options.address} has not answered for ${seconds} s`));
      return;
    }
    if (this.#unanswered === 0) this.#caller.steady();
    this.#unanswered++;
    this.#ask();
    this.#nextPing();
  }

  #closed(cause: Error | undefined): void {
    if (this.#over) return;
    this.end();
    this.#caller.lost(this.#reason(cause));
  }

  /** In words that stay the same from one attempt to the next. */
  #reason(cause: NodeJS.ErrnoException | undefined): GatewayError {
    if (cause instanceof GatewayError) return cause;
    const { address, tls } = this.#options;
    if (this.#answered) {
      return clusterError(`${address} has closed the connection; it is dialled until it is back`, cause);
    }
    if (!this.#introduced) {
      const why = cause?.code ?? 'the connection was closed';
      // what the network refuses, certificates have no part in; a reset may be an end without TLS
      const network = cause?.syscall !== undefined && cause.code !== 'ECONNRESET';
      const hint = tls === undefined || network ? '' : ' with the certificates of cluster.tls';
      return clusterError(`${address} cannot be reached${hint} (${why}); it is dialled until it can`, cause);
    }
    return new GatewayError(
      'GW_AUTH',
      `The Register ${address} closed the connection as soon as this node had introduced itself: most likely its secret key is another one, or only one of the two has cluster.tls. Set cluster.secretKey to the same word on all nodes.`,
      { cause },
    );
  }
}

function clusterError(problem: string, cause?: Error): GatewayError {
  return new GatewayError('GW_CLUSTER', `The Register ${problem}.`, { cause });
}
