import { AsyncLocalStorage } from 'node:async_hooks';
import type { Kysely } from './kysely-types.js';
import { systemClock } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import { type DatabaseCounts, threadDatabases } from '../base/thread-databases.js';
import { type Dialect, sqlError } from './builder/statement.js';
import { Caller } from './caller.js';
import { DatabaseCalls } from './calls.js';
import { type Answer, type Connect, type Connection, DriverFailure } from './connection.js';
import { Executor, type Statement } from './executor.js';
import { createKysely } from './kysely.js';
import { mysqlConnect } from './mysql.js';
import { Pool } from './pool.js';
import { sqliteConnect } from './sqlite.js';
import { Transaction } from './transaction.js';
import { type DatabaseAddress, addressText, parseDatabaseUrl } from './url.js';

/** Connections of a thread to a server, by default: see docs/database.md for the arithmetic. */
const POOL_SIZE = 4;
const LARGEST_POOL = 1000;
/** Milliseconds. */
const SLOW = 1000;

const OPTIONS = ['url', 'poolSize', 'slow'];

export interface DatabaseOptions {
  /** `mysql://user:password@host:port/database`, `sqlite:file` or `sqlite::memory:`. */
  readonly url: string;
  /** Connections that each worker thread may open; 4 by default. SQLite has one. */
  readonly poolSize?: number;
  /** Milliseconds from which on a statement is logged as slow; 1000 by default, false for never. */
  readonly slow?: number | false;
}

/**
 * A database. Nothing is opened before its first use, and in a worker thread it is closed by itself, after `onWorkerStop`.
 *
 * @throws GW_DATABASE for a URL that is wrong, GW_SQL for an option that is
 */
export function database(options: DatabaseOptions): Database {
  return new Database(options);
}

export class Database extends DatabaseCalls {
  readonly #address: DatabaseAddress;
  readonly #executor: Executor;
  readonly #poolSize: number;
  #pool: Promise<Pool> | undefined;
  #opened: Pool | undefined;
  #closed = false;
  /** The transaction whose callback is running. */
  readonly #inTransaction = new AsyncLocalStorage<{ open: boolean }>();
  #kysely: Kysely<unknown> | undefined;

  /** @internal */
  constructor(options: DatabaseOptions) {
    super();
    const { url, poolSize, slow } = checkedOptions(options);
    this.#address = parseDatabaseUrl(url);
    // a file has one writer at a time, and what is in memory is there for its connection only
    this.#poolSize = this.#address.dialect === 'sqlite' ? 1 : poolSize;
    this.#executor = new Executor({
      dialect: this.#address.dialect,
      address: addressText(this.#address),
      clock: systemClock,
      slowFrom: slow === false ? Infinity : slow,
    });
  }

  override get dialect(): Dialect {
    return this.#address.dialect;
  }

  /** @internal What `status` shows. */
  get counts(): DatabaseCounts {
    const { slow, errors } = this.#executor;
    const { open = 0, busy = 0, waiting = 0 } = this.#opened ?? {};
    return { open, busy, waiting, slow, errors };
  }

  /**
   * Runs `work` in a transaction, whose calls are on `tx`: committed when `work` is done, rolled back when it throws, which
   * is rethrown. Calls on the database itself are no part of it.
   *
   * @throws what `work` throws; GW_COMMIT_UNKNOWN when the connection broke as it was committed
   */
  async transaction<Value>(work: (tx: Transaction) => Promise<Value> | Value): Promise<Value> {
    const caller = new Caller();
    const connection = await this.#begin(caller);
    const running = { open: true };
    try {
      return await this.#inTransaction.run(
        running,
        async () => await Transaction.run(connection, this.#executor, work, caller),
      );
    } finally {
      running.open = false;
      this.release(connection);
    }
  }

  /** Kysely over the same connections. `Tables` has a row's type by the name of its table. */
  kysely<Tables>(): Kysely<Tables> {
    this.#kysely ??= createKysely(this, this.#executor);
    return this.#kysely as unknown as Kysely<Tables>;
  }

  /** Lets what is being done end, within a second, and closes all connections. No call may follow. */
  async close(): Promise<void> {
    this.#closed = true;
    const pool = await this.#pool?.catch(() => undefined);
    await pool?.close();
    threadDatabases.delete(this);
  }

  /** @internal A connection for the caller alone. @throws GW_DATABASE */
  async acquire(caller: Caller): Promise<Connection> {
    if (this.#poolSize === 1 && this.#inTransaction.getStore()?.open === true) {
      throw sqlError(
        'A call on the database, inside a transaction that has its only connection, would wait for itself: call it on tx.',
      );
    }
    try {
      return await (this.#opened ?? (await this.#open())).acquire();
    } catch (error) {
      throw this.#executor.errorOf(error, '', caller, false);
    }
  }

  /** @internal */
  release(connection: Connection): void {
    this.#opened?.release(connection);
  }

  protected override async answer(statement: Statement, caller: Caller): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const connection = await this.acquire(caller);
      try {
        return await this.#executor.carryOut(connection, statement, caller);
      } catch (error) {
        // nobody has seen it: it may be sent by another connection
        if (attempt === 1 && neverSent(error)) continue;
        throw this.#executor.errorOf(error, statement.sql, caller, false);
      } finally {
        this.release(connection);
      }
    }
  }

  /** A connection in a transaction. */
  async #begin(caller: Caller): Promise<Connection> {
    // SQLite's own BEGIN takes the lock with the first write, when it may be too late to wait for it
    const sql = this.dialect === 'sqlite' ? 'BEGIN IMMEDIATE' : 'START TRANSACTION';
    for (let attempt = 1; ; attempt++) {
      const connection = await this.acquire(caller);
      try {
        await this.#executor.carryOut(connection, { sql, values: [], arrays: true }, caller);
        return connection;
      } catch (error) {
        this.release(connection);
        // nothing has been done in it yet
        if (attempt === 1 && error instanceof DriverFailure && error.kind === 'lost') continue;
        throw this.#executor.errorOf(error, sql, caller, true);
      }
    }
  }

  async #open(): Promise<Pool> {
    if (this.#pool === undefined) {
      if (this.#closed)
        throw new GatewayError('GW_DATABASE', `The database ${addressText(this.#address)} is closed.`);
      threadDatabases.add(this);
      this.#pool = connector(this.#address).then((connect) => {
        this.#opened = new Pool({
          connect,
          size: this.#poolSize,
          address: addressText(this.#address),
          clock: systemClock,
          closesIdle: this.dialect === 'mysql',
        });
        return this.#opened;
      });
    }
    return await this.#pool;
  }
}

async function connector(address: DatabaseAddress): Promise<Connect> {
  return address.dialect === 'mysql' ? await mysqlConnect(address) : await sqliteConnect(address);
}

function neverSent(error: unknown): boolean {
  return error instanceof DriverFailure && error.kind === 'lost' && !error.maybeSent;
}

function checkedOptions(options: unknown): Required<DatabaseOptions> {
  if (typeof options !== 'object' || options === null) {
    throw sqlError('database was given no options; expected { url }.');
  }
  const wrong = Object.keys(options).find((key) => !OPTIONS.includes(key));
  if (wrong !== undefined)
    throw sqlError(`database has no option ${wrong}; the options are ${OPTIONS.join(', ')}.`);
  const { url, poolSize = POOL_SIZE, slow = SLOW } = options as DatabaseOptions;
  if (!Number.isInteger(poolSize) || poolSize < 1 || poolSize > LARGEST_POOL) {
    throw sqlError(
      `database was given the poolSize ${String(poolSize)}; expected a whole number from 1 to ${LARGEST_POOL}.`,
    );
  }
  if (slow !== false && !(typeof slow === 'number' && slow >= 0)) {
    throw sqlError(`database was given the slow ${String(slow)}; expected milliseconds, or false.`);
  }
  return { url, poolSize, slow };
}
