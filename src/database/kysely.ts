import { createRequire } from 'node:module';
import type {
  CompiledQuery,
  DatabaseConnection,
  Driver,
  Kysely,
  QueryResult,
  TransactionSettings,
} from 'kysely';
import { type SqlValue, sqlError } from './builder/statement.js';
import { sqlValue } from './builder/value.js';
import { Caller, MANY_FRAMES } from './caller.js';
import { type Connection, DriverFailure } from './connection.js';
import type { Database } from './database.js';
import type { Executor } from './executor.js';
import { missingPackage } from '../base/missing-package.js';

const require = createRequire(import.meta.url);

/** Kysely, whose SQL is this database's, over its connections. @throws GW_DATABASE when it is not installed */
export function createKysely(database: Database, executor: Executor): Kysely<unknown> {
  const kysely = loadKysely();
  const mysql = database.dialect === 'mysql';
  return new kysely.Kysely<unknown>({
    dialect: {
      createAdapter: () => (mysql ? new kysely.MysqlAdapter() : new kysely.SqliteAdapter()),
      createQueryCompiler: () => (mysql ? new kysely.MysqlQueryCompiler() : new kysely.SqliteQueryCompiler()),
      createIntrospector: (db) =>
        mysql ? new kysely.MysqlIntrospector(db) : new kysely.SqliteIntrospector(db),
      createDriver: () => new PoolDriver(database, executor),
    },
  });
}

export function loadKysely(): typeof import('kysely') {
  try {
    // at once, where import() would make db.kysely() a promise
    return require('kysely') as typeof import('kysely');
  } catch (error) {
    throw missingPackage('GW_DATABASE', 'db.kysely() needs the package kysely', 'kysely@0.28', error);
  }
}

class PoolDriver implements Driver {
  readonly #database: Database;
  readonly #executor: Executor;

  constructor(database: Database, executor: Executor) {
    this.#database = database;
    this.#executor = executor;
  }

  async init(): Promise<void> {
    await Promise.resolve();
  }

  async acquireConnection(): Promise<PoolConnection> {
    return new PoolConnection(await this.#database.acquire(new Caller(MANY_FRAMES)), this.#executor);
  }

  async beginTransaction(connection: PoolConnection, settings: TransactionSettings): Promise<void> {
    const { isolationLevel, accessMode } = settings;
    if (this.#database.dialect === 'sqlite') {
      await connection.execute('BEGIN IMMEDIATE');
    } else {
      const words = [isolationLevel && `ISOLATION LEVEL ${isolationLevel}`, accessMode].filter(Boolean);
      if (words.length > 0) await connection.execute(`SET TRANSACTION ${words.join(', ')}`);
      await connection.execute('START TRANSACTION');
    }
    connection.inTransaction = true;
  }

  async commitTransaction(connection: PoolConnection): Promise<void> {
    await connection.execute('COMMIT');
    connection.inTransaction = false;
  }

  async rollbackTransaction(connection: PoolConnection): Promise<void> {
    await connection.execute('ROLLBACK');
    connection.inTransaction = false;
  }

  async savepoint(connection: PoolConnection, name: string): Promise<void> {
    await connection.execute(`SAVEPOINT ${quoted(name)}`);
  }

  async rollbackToSavepoint(connection: PoolConnection, name: string): Promise<void> {
    await connection.execute(`ROLLBACK TO ${quoted(name)}`);
  }

  async releaseSavepoint(connection: PoolConnection, name: string): Promise<void> {
    await connection.execute(`RELEASE SAVEPOINT ${quoted(name)}`);
  }

  async releaseConnection(connection: PoolConnection): Promise<void> {
    // what is still in a transaction cannot serve anybody else
    if (connection.inTransaction) connection.raw.destroy();
    this.#database.release(connection.raw);
    await Promise.resolve();
  }

  /** The connections are the database's, and are closed with it. */
  async destroy(): Promise<void> {
    await Promise.resolve();
  }
}

class PoolConnection implements DatabaseConnection {
  readonly raw: Connection;
  inTransaction = false;
  /** The driver's code of what made the server end the transaction. */
  #endedFor: string | undefined;
  readonly #executor: Executor;

  constructor(raw: Connection, executor: Executor) {
    this.raw = raw;
    this.#executor = executor;
  }

  async executeQuery<Value>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Value>> {
    const values = parameters.map((value, index) => sqlValue(value, `the ${index + 1}. parameter`));
    const answer = await this.execute(sql, values);
    if (answer.rows !== undefined) return { rows: answer.rows as Value[] };
    const { affectedRows, insertId } = answer;
    return {
      rows: [],
      numAffectedRows: BigInt(affectedRows),
      ...(insertId === null || insertId === 0 ? {} : { insertId: BigInt(insertId) }),
    };
  }

  async execute(sql: string, values: readonly SqlValue[] = []) {
    const caller = new Caller(MANY_FRAMES);
    if (this.#endedFor !== undefined && !/^rollback$/i.test(sql)) {
      throw sqlError(
        `The transaction takes no more statements: the server has rolled it back (${this.#endedFor}).`,
      );
    }
    try {
      return await this.#executor.carryOut(this.raw, { sql, values, arrays: false }, caller);
    } catch (error) {
      if (error instanceof DriverFailure && error.transactionEnded) this.#endedFor = error.code;
      throw this.#executor.errorOf(error, sql, caller, this.inTransaction);
    }
  }

  /** All rows at once: the drivers here have no cursor. */
  async *streamQuery<Value>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Value>> {
    yield await this.executeQuery(query);
  }
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
