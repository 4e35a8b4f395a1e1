import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { Backoff, type BackoffOptions } from '../base/backoff.js';
import { type Clock, type Timer, withinTime } from '../base/clock.js';
import { messageOf } from '../base/error-text.js';
import { LogOnce } from '../base/log-once.js';
import type { Logger } from '../base/log.js';
import { dialFailure } from './dial-failure.js';
import type { NatsLibrary } from './nats-library.js';
import type { NatsLogin } from './login-options.js';
import { isOnThisMachine, loginOptions } from './nats-login.js';

const PAUSES: BackoffOptions = { first: 250, last: 2000, jitter: [0.5, 1.5] };
/** Milliseconds after which a connection that breaks counts as one that worked. */
const STEADY = 10_000;
/** Milliseconds that a server has to let a node in. */
const DIAL_TIMEOUT = 5000;
/** Pings without an answer after which the server counts as gone when the next one is due. */
const PINGS = 2;
/** Subscriptions that are made anew in a row, before everybody else has a turn. */
const SUBSCRIPTIONS_A_TURN = 256;

/** @param data valid during the call: copy what is kept */
export type Receive = (data: Buffer, message: Msg) => void;

export interface NatsConnectionOptions {
  readonly nats: NatsLibrary;
  readonly login: NatsLogin;
  /** The client's name, as NATS shows it. */
  readonly name: string;
  /** Milliseconds between two pings. */
  readonly pingInterval: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly owner: NatsConnectionOwner;
}

/** Who has the connection. */
export interface NatsConnectionOwner {
  /** A server has let this node in. What it subscribes to is on its way there. */
  connected(): void;
  /** None of the servers can be reached. They are tried again. */
  unreached(): void;
  /** The connection broke: what was published and is not confirmed may have arrived, or not. */
  disconnected(): void;
}

/**
 * A connection to one of the NATS servers, made again whenever it breaks, for ever: in turn to each, with growing pauses
 * after a whole round. It keeps what is subscribed to. What is published while there is no connection is refused.
 */
export class BackboneConnection {
  readonly #options: NatsConnectionOptions;
  readonly #problems: LogOnce;
  readonly #backoff = new Backoff(PAUSES);
  /** By subject. */
  readonly #wanted = new Map<string, Receive>();
  #subscriptions = new Map<string, Subscription>();
  #connection: NatsConnection | undefined;
  #server: string | undefined;
  /** Of the server that is tried next. */
  #next = 0;
  #since = 0;
  #lastError: string | null = null;
  /** Why each server could not be reached, since one could. */
  readonly #failures = new Map<string, string>();
  #refusal: string | undefined;
  #closing = false;
  /** Whether the server has left pings unanswered. */
  #silent = false;
  #wake: (() => void) | undefined;
  #pause: Timer | undefined;
  #resubscribed: Promise<void> = Promise.resolve();
  /** Those who wait for the server's word, and are to be told when there will be none. */
  readonly #asked = new Set<(confirmed: boolean) => void>();

  constructor(options: NatsConnectionOptions) {
    this.#options = options;
    this.#problems = new LogOnce(options.log, options.clock);
  }

  get up(): boolean {
    return this.#connection !== undefined;
  }

  /** The server that this node is connected to. */
  get server(): string | undefined {
    return this.#server;
  }

  /** When it came up or went down: milliseconds on the clock. */
  get since(): number {
    return this.#since;
  }

  /** Why it is down; null while it is up. */
  get lastError(): string | null {
    return this.#lastError;
  }

  /** What a server has refused last and kept the connection, in words; each time this is asked, once. */
  takeRefusal(): string | undefined {
    const refusal = this.#refusal;
    this.#refusal = undefined;
    return refusal;
  }

  /** Bytes of the longest message that the server takes. */
  get maxPayload(): number {
    return this.#connection?.info?.max_payload ?? 2 ** 20;
  }

  /** Begins to connect. @throws GW_BACKBONE when the login names a file that cannot be read or used */
  open(): void {
    const { nats, login } = this.#options;
    loginOptions(nats, login.servers[0], login);
    this.#since = this.#options.clock.now();
    void this.#run();
  }

  /** @returns false while there is no connection: it is not sent */
  publish(subject: string, payload: Uint8Array): boolean {
    const connection = this.#connection;
    if (connection === undefined || connection.isClosed()) return false;
    connection.publish(subject, payload);
    return true;
  }

  /** From now on `receive` is told of what is published there. Each subject is subscribed to once at most. */
  subscribe(subject: string, receive: Receive): void {
    this.#wanted.set(subject, receive);
    if (this.#connection !== undefined) this.#subscribe(this.#connection, subject, receive);
  }

  /** It need not be subscribed to. */
  unsubscribe(subject: string): void {
    this.#wanted.delete(subject);
    this.#subscriptions.get(subject)?.unsubscribe();
    this.#subscriptions.delete(subject);
  }

  /**
   * Resolves when the server has taken everything that was published, and every subscription, before this call.
   *
   * @returns false when the connection broke before
   */
  async confirmed(): Promise<boolean> {
    const connection = this.#connection;
    if (connection === undefined) return false;
    await this.#resubscribed;
    if (connection.isClosed()) return false;
    return await new Promise<boolean>((resolve) => {
      const answered = (confirmed: boolean): void => {
        this.#asked.delete(answered);
        resolve(confirmed);
      };
      // the library leaves it unanswered where the connection breaks
      this.#asked.add(answered);
      connection.flush().then(
        () => answered(true),
        () => answered(false),
      );
    });
  }

  /** Lets out what was published, and ends. @param timeout milliseconds after which it ends in any case */
  async close(timeout: number): Promise<void> {
    this.#closing = true;
    this.#pause?.cancel();
    this.#wake?.();
    const connection = this.#connection;
    if (connection !== undefined) {
      await withinTime(this.#options.clock, timeout, this.confirmed());
      await withinTime(this.#options.clock, timeout, connection.close());
    }
    this.#problems.close();
  }

  async #run(): Promise<void> {
    const { servers } = this.#options.login;
    let failures = 0;
    while (!this.#closing) {
      const server = servers[this.#next++ % servers.length];
      const connection = await this.#dial(server);
      if (connection === undefined) {
        if (++failures % servers.length > 0) continue;
        this.#options.owner.unreached();
        await this.#rest();
        continue;
      }
      failures = 0;
      await this.#serve(connection, server);
      // all nodes lose a server at the same moment
      await this.#rest();
    }
  }

  async #rest(): Promise<void> {
    if (this.#closing) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#pause = this.#options.clock.setTimeout(resolve, this.#backoff.next());
    });
  }

  async #dial(server: string): Promise<NatsConnection | undefined> {
    const { nats, login, name, pingInterval, log } = this.#options;
    try {
      return await nats.connect({
        ...loginOptions(nats, server, login),
        name,
        reconnect: false,
        noEcho: true,
        timeout: DIAL_TIMEOUT,
        pingInterval,
        maxPingOut: PINGS,
      });
    } catch (error) {
      const reason = `${server}: ${dialFailure(nats, server, login, error)}`;
      // the same reason again is no news
      if (!this.#closing && this.#failures.get(server) !== reason) {
        log.warn({ server }, `the backbone cannot be reached at ${reason}; it is tried again until it can`);
      }
      this.#failures.set(server, reason);
      this.#lastError = reason;
      return undefined;
    }
  }

  /** Resolves when the connection is no more. */
  async #serve(connection: NatsConnection, server: string): Promise<void> {
    const { clock, log, owner } = this.#options;
    if (this.#closing) {
      await connection.close();
      return;
    }
    this.#connection = connection;
    this.#server = server;
    this.#lastError = null;
    this.#failures.clear();
    this.#since = clock.now();
    log.info({ server, nats: connection.info?.version }, `the backbone is there, by ${server}`);
    this.#warnOfOpenServer(connection, server);
    void this.#watch(connection);
    this.#resubscribed = this.#subscribeAll(connection);
    owner.connected();
    const error = await connection.closed();
    this.#connection = undefined;
    this.#server = undefined;
    this.#subscriptions = new Map();
    for (const answered of this.#asked) answered(false);
    // one that lets nodes in and ends them at once is asked less and less often, too
    if (clock.now() - this.#since >= STEADY) this.#backoff.reset();
    this.#since = clock.now();
    const ended = this.#silent ? 'the server does not answer' : 'the server has ended it';
    const reason = error instanceof Error ? messageOf(error) : ended;
    this.#silent = false;
    this.#lastError = `${server}: ${reason}`;
    if (!this.#closing)
      log.warn({ server }, `the connection to the backbone by ${server} broke: ${reason}; it is made again`);
    owner.disconnected();
  }

  async #subscribeAll(connection: NatsConnection): Promise<void> {
    let count = 0;
    for (const [subject, receive] of this.#wanted) {
      if (connection.isClosed()) return;
      if (!this.#subscriptions.has(subject)) this.#subscribe(connection, subject, receive);
      if (++count % SUBSCRIPTIONS_A_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  #subscribe(connection: NatsConnection, subject: string, receive: Receive): void {
    if (connection.isClosed()) return;
    const callback = (error: Error | null, message: Msg): void => {
      if (error !== null) this.#refused(error, subject);
      else this.#received(receive, message);
    };
    this.#subscriptions.set(subject, connection.subscribe(subject, { callback }));
  }

  /** The library reads no further after an error that is thrown here. */
  #received(receive: Receive, message: Msg): void {
    try {
      const { buffer, byteOffset, length } = message.data;
      receive(Buffer.from(buffer, byteOffset, length), message);
    } catch (error) {
      this.#problems.warn('backbone message', { subject: message.subject }, messageOf(error));
    }
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const change of connection.status()) {
      if (change.type === 'error') this.#refused(change.error);
      if (change.type !== 'staleConnection') continue;
      this.#silent = true;
      // by itself, the library waits until what it has written last has left, which on a dead line it never does
      await connection.close();
    }
  }

  /** The server refuses something, and keeps the connection: a permission is missing. */
  #refused(error: Error, subject = ''): void {
    const { server } = this;
    const remedy =
      error.name === 'PermissionViolationError'
        ? '; docs/backbone.md has the permissions that a node needs'
        : '';
    this.#refusal = `the backbone's server ${server ?? ''} refuses something to this node: ${messageOf(error)}${remedy}`;
    this.#problems.warn(
      `backbone: ${messageOf(error)}`,
      { server, ...(subject === '' ? {} : { subject }) },
      this.#refusal,
    );
  }

  #warnOfOpenServer({ info }: NatsConnection, server: string): void {
    if (info === undefined || info.auth_required || info.tls_verify || isOnThisMachine(server)) return;
    this.#problems.warn(
      'backbone: no login',
      { server },
      `${server} lets in whoever reaches it, who may then send to all clients; docs/backbone.md has a configuration that does not`,
    );
  }
}
