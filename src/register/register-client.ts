import type { Socket } from 'node:net';
import { Backoff, type BackoffOptions } from '../base/backoff.js';
import type { Clock, Timer } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import { connectInner, type InnerTls, splitAddress } from '../net/inner-socket.js';
import { LineReader } from '../net/line-reader.js';
import type { Logger } from '../base/log.js';
import {
  encodeRegisterLine,
  MAX_REGISTER_LINE,
  parseRegisterLine,
  REGISTER_PING_INTERVAL,
} from '../wire/register-line.js';

/** Milliseconds from dialling to the first list. */
const ANSWER_TIME = 10_000;
/** Between two attempts. */
const PAUSES: BackoffOptions = { first: 1000, last: 10_000, jitter: [0.75, 1] };
/** Pings that may stay unanswered before the Register counts as gone. */
const UNANSWERED_PINGS = 2;

/** What a node can say of one Register. */
export interface RegisterStatus {
  /** `host:port` */
  readonly address: string;
  /** `joined`: it has told the list on the connection that is open. `waiting`: for the next attempt. */
  readonly state: 'connecting' | 'joined' | 'waiting' | 'closed';
  /** Why it is not joined, when an attempt has failed. */
  readonly lastError?: string;
  /** Attempts in a row that have failed. */
  readonly attempts: number;
}

export interface RegisterClientOptions {
  /** `host:port` */
  readonly address: string;
  readonly secretKey: string;
  readonly tls?: InnerTls;
  /** Milliseconds between two pings; the protocol's own interval where that is shorter. */
  readonly pingInterval: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** The Register's list of gateways. `first`: the first on a new connection, so that gateways may still be on their way to it. */
  readonly onAddresses: (addresses: readonly string[], first: boolean) => void;
  /** The Register that told the list is lost. */
  readonly onLost: () => void;
}

/**
 * A node's connection to one Register, dialled again whenever it is lost: 1 s later at first, 10 s in the long run.
 *
 * It asks for the list as a worker does, and announces this node's gateway on the same connection. A Register answers
 * neither an announcement nor a ping, and turns a wrong key away without a word; but it answers each worker_connect,
 * PHP's as well. So that takes the place of pings here, and shows both that the key is right and that the Register lives:
 * a cut cable closes no connection, and TCP alone would take a quarter of an hour to notice.
 */
export class RegisterClient {
  readonly #options: RegisterClientOptions;
  readonly #pingInterval: number;
  #state: RegisterStatus['state'] = 'connecting';
  /** The connection that is open or being opened. */
  #socket: Socket | undefined;
  /** The address of this node's gateway. */
  #gateway: string | undefined;
  /** Whether this connection has carried the introduction. */
  #introduced = false;
  /** The next attempt, the end of the patience with this one, or the next ping. */
  #timer: Timer | undefined;
  #attempts = 0;
  readonly #backoff = new Backoff(PAUSES);
  #unanswered = 0;
  #error: GatewayError | undefined;
  /** What has been logged since the Register was last reached for a while: each problem is told once, not at each attempt. */
  readonly #told = new Set<string>();

  constructor(options: RegisterClientOptions) {
    this.#options = options;
    this.#pingInterval = Math.min(options.pingInterval, REGISTER_PING_INTERVAL);
    this.#dial();
  }

  status(): RegisterStatus {
    const { address } = this.#options;
    if (this.#state === 'joined') return { address, state: 'joined', attempts: 0 };
    return { address, state: this.#state, lastError: this.#error?.message, attempts: this.#attempts };
  }

  /** Announces this node's gateway, now and on every later connection. */
  announce(gateway: string): void {
    this.#gateway = gateway;
    if (this.#introduced) this.#send(gateway);
  }

  /** Takes the announcement back. The protocol has no word for that: only a connection that ends says it. */
  withdraw(): void {
    const announced = this.#gateway !== undefined && this.#introduced;
    this.#gateway = undefined;
    if (!announced) return;
    this.#drop();
    this.#dial();
  }

  /** Ends the connection; no further one is opened. */
  close(): void {
    this.#drop();
    this.#state = 'closed';
  }

  #dial(): void {
    const { address, tls, clock } = this.#options;
    this.#state = 'connecting';
    this.#unanswered = 0;
    const socket = connectInner(splitAddress(address), tls, () => {
      if (socket === this.#socket) this.#introduce();
    });
    this.#socket = socket;
    const lines = new LineReader({
      limit: MAX_REGISTER_LINE,
      source: `the connection to the Register ${address}`,
      code: 'GW_REGISTER_LINE',
    });
    let cause: Error | undefined;
    socket.setKeepAlive(true, this.#pingInterval);
    socket.on('data', (chunk) => this.#read(socket, lines, chunk));
    socket.on('error', (error) => (cause = error));
    socket.on('close', () => {
      if (socket === this.#socket) this.#lost(cause);
    });
    this.#timer = clock.setTimeout(
      () => socket.destroy(clusterError(`${address} has not answered within ${ANSWER_TIME / 1000} s`)),
      ANSWER_TIME,
    );
  }

  #introduce(): void {
    this.#introduced = true;
    if (this.#gateway !== undefined) this.#send(this.#gateway);
    this.#ask();
  }

  #send(gateway: string): void {
    const { secretKey } = this.#options;
    this.#socket?.write(encodeRegisterLine({ event: 'gateway_connect', address: gateway, secretKey }));
  }

  #ask(): void {
    const { secretKey } = this.#options;
    this.#socket?.write(encodeRegisterLine({ event: 'worker_connect', secretKey }));
  }

  #read(socket: Socket, lines: LineReader, chunk: Buffer): void {
    try {
      for (const line of lines.push(chunk)) {
        if (socket !== this.#socket) return;
        this.#handle(line);
      }
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      socket.destroy(error);
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
    const first = this.#state !== 'joined';
    if (first) this.#join();
    this.#unanswered = 0;
    this.#options.onAddresses(message.addresses, first);
  }

  #join(): void {
    const { address, log } = this.#options;
    this.#state = 'joined';
    this.#tell('joined', () => log.info({ register: address }, 'joined a Register'));
    this.#nextPing();
  }

  #nextPing(): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimeout(() => this.#ping(), this.#pingInterval);
  }

  #ping(): void {
    const { address } = this.#options;
    if (this.#unanswered === UNANSWERED_PINGS) {
      const seconds = (this.#pingInterval * UNANSWERED_PINGS) / 1000;
      this.#socket?.destroy(clusterError(`${address} has not answered for ${seconds} s`));
      return;
    }
    if (this.#unanswered === 0) {
      // it has been well for a while: what happens next is news
      this.#attempts = 0;
      this.#backoff.reset();
      this.#error = undefined;
      this.#told.clear();
    }
    this.#unanswered++;
    this.#ask();
    this.#nextPing();
  }

  #lost(cause: Error | undefined): void {
    const { address, clock, log, onLost } = this.#options;
    const error = this.#reason(cause);
    const joined = this.#state === 'joined';
    this.#error = error;
    this.#tell(error.message, () => log.warn({ register: address }, error.message));
    this.#drop();
    this.#state = 'waiting';
    this.#attempts++;
    this.#timer = clock.setTimeout(() => this.#dial(), this.#backoff.next());
    if (joined) onLost();
  }

  /** In words that stay the same from one attempt to the next. */
  #reason(cause: NodeJS.ErrnoException | undefined): GatewayError {
    if (cause instanceof GatewayError) return cause;
    const { address, tls } = this.#options;
    if (this.#state === 'joined') {
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

  /** Leaves the connection to itself; whatever it still reports is of no interest. */
  #drop(): void {
    this.#timer?.cancel();
    const socket = this.#socket;
    this.#socket = undefined;
    this.#introduced = false;
    socket?.destroy();
  }

  #tell(what: string, log: () => void): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    log();
  }
}

function clusterError(problem: string, cause?: Error): GatewayError {
  return new GatewayError('GW_CLUSTER', `The Register ${problem}.`, { cause });
}
