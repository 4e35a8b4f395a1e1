import type { Clock } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import { Queue } from '../base/queue.js';
import type { Connect, Connection } from './connection.js';

/** Milliseconds that somebody waits for a connection while all are in use. */
const ACQUIRE_TIMEOUT = 10_000;
/** Milliseconds after which a connection that nobody used is asked for a sign of life before it is used again. */
const TRUSTED = 1000;
/** Milliseconds after which a connection that nobody used is closed. */
const IDLE = 60_000;
/** Milliseconds for what is still being done when the pool is closed. */
const CLOSE_TIMEOUT = 1000;

export interface PoolOptions {
  readonly connect: Connect;
  readonly size: number;
  /** For people. */
  readonly address: string;
  readonly clock: Clock;
  /** Whether a connection that nobody uses may be closed. */
  readonly closesIdle: boolean;
}

interface Waiting {
  readonly resolve: (connection: Connection) => void;
  readonly reject: (error: unknown) => void;
  /** It has got one, or has waited for too long. */
  done: boolean;
}

/** The connections of one database in one thread: opened as they are needed, and no more than `size`. */
export class Pool {
  readonly #options: PoolOptions;
  /** The one that was used last is used first. */
  readonly #idle: { readonly connection: Connection; readonly since: number }[] = [];
  readonly #all = new Set<Connection>();
  readonly #waiting = new Queue<Waiting>();
  #waits = 0;
  #connecting = 0;
  #closing: Promise<void> | undefined;
  /** Closed, and past waiting for what was being done. */
  #ended = false;
  #onRest: (() => void) | undefined;
  readonly #sweep: { cancel(): void } | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    if (options.closesIdle) {
      this.#sweep = options.clock.setInterval(() => this.#closeIdle(), IDLE / 4);
    }
  }

  get size(): number {
    return this.#options.size;
  }

  /** Connections that are open or being opened. */
  get open(): number {
    return this.#all.size + this.#connecting;
  }

  get busy(): number {
    return this.open - this.#idle.length;
  }

  get waiting(): number {
    return this.#waits;
  }

  /** A connection for the caller alone, until it is released. @throws DriverFailure, GW_DATABASE */
  async acquire(): Promise<Connection> {
    for (;;) {
      this.#checkOpen();
      const idle = this.#idle.pop();
      if (idle === undefined) break;
      const { connection, since } = idle;
      if (this.#options.clock.now() - since < TRUSTED || (await connection.ping())) {
        if (!connection.lost) return connection;
      }
      connection.destroy();
      this.#forget(connection);
    }
    return this.open < this.size ? await this.#connect() : await this.#wait();
  }

  release(connection: Connection): void {
    if (connection.lost) this.#forget(connection);
    else this.#give(connection);
  }

  /** Lets what is being done end, within a second, and closes the connections. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #connect(): Promise<Connection> {
    this.#connecting++;
    try {
      let connection: Connection | undefined;
      connection = await this.#options.connect(() => {
        if (connection !== undefined) this.#lostWhileIdle(connection);
      });
      if (this.#ended) {
        connection.destroy();
        throw this.#closed();
      }
      this.#all.add(connection);
      return connection;
    } finally {
      this.#connecting--;
      // whoever waits tries for himself: what failed here is not said of him
      if (this.open < this.size) this.#serveNext();
    }
  }

  async #wait(): Promise<Connection> {
    this.#waits++;
    const { clock, address } = this.#options;
    let timer: { cancel(): void } | undefined;
    try {
      return await new Promise<Connection>((resolve, reject) => {
        const waiting: Waiting = { resolve, reject, done: false };
        timer = clock.setTimeout(() => {
          waiting.done = true;
          reject(
            new GatewayError(
              'GW_DATABASE',
              `No connection to ${address} came free within ${ACQUIRE_TIMEOUT / 1000} s: all ${this.size} are in use (poolSize). Statements are slow, or transactions wait for one another.`,
            ),
          );
        }, ACQUIRE_TIMEOUT);
        this.#waiting.push(waiting);
      });
    } finally {
      timer?.cancel();
      this.#waits--;
    }
  }

  /** To who waits longest, or back. */
  #give(connection: Connection): void {
    const next = this.#nextWaiting();
    if (next !== undefined) next.resolve(connection);
    else this.#idle.push({ connection, since: this.#options.clock.now() });
    if (this.busy === 0) this.#onRest?.();
  }

  #forget(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    this.#serveNext();
    if (this.busy === 0) this.#onRest?.();
  }

  /** There is room for a connection: opens one for who waits longest. */
  #serveNext(): void {
    const next = this.#nextWaiting();
    if (next !== undefined) this.#connect().then(next.resolve, next.reject);
  }

  #nextWaiting(): Waiting | undefined {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (next.done) continue;
      next.done = true;
      return next;
    }
    return undefined;
  }

  #lostWhileIdle(connection: Connection): void {
    const at = this.#idle.findIndex((idle) => idle.connection === connection);
    if (at === -1) return;
    this.#idle.splice(at, 1);
    this.#forget(connection);
  }

  #closeIdle(): void {
    const before = this.#options.clock.now() - IDLE;
    while (this.#idle.length > 0 && this.#idle[0].since < before) {
      const connection = this.#idle.shift()?.connection;
      if (connection === undefined) return;
      this.#all.delete(connection);
      void connection.close();
    }
  }

  async #close(): Promise<void> {
    const { clock } = this.#options;
    this.#sweep?.cancel();
    if (this.busy > 0 || this.#waits > 0) {
      await new Promise<void>((resolve) => {
        const timer = clock.setTimeout(resolve, CLOSE_TIMEOUT);
        this.#onRest = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.#ended = true;
    for (let next = this.#nextWaiting(); next !== undefined; next = this.#nextWaiting()) {
      next.reject(this.#closed());
    }
    const idle = this.#idle.splice(0).map(({ connection }) => connection);
    for (const connection of this.#all) {
      if (!idle.includes(connection)) connection.destroy();
    }
    this.#all.clear();
    await Promise.all(idle.map(async (connection) => await connection.close()));
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw this.#closed();
  }

  #closed(): GatewayError {
    return new GatewayError('GW_DATABASE', `The database ${this.#options.address} is closed.`);
  }
}
