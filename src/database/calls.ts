import { StatementBuilder } from './builder/builder.js';
import { type ListOrMap } from './builder/columns.js';
import { type Parameters, bindParameters } from './builder/parameters.js';
import {
  type QueryResult,
  columnResult,
  queryResult,
  rowResult,
  singleResult,
  verbOf,
} from './builder/result.js';
import {
  type CellsResult,
  type ChangeResult,
  type CompiledStatement,
  type Dialect,
  type Row,
  type RowsResult,
  type SqlValue,
  type StatementRunner,
  sqlError,
} from './builder/statement.js';
import { Caller } from './caller.js';
import type { Answer } from './connection.js';
import type { Statement } from './executor.js';

/** Words that begin or end a transaction, or lock: of the connection, which is anybody's next. */
const OF_THE_CONNECTION = new Set([
  'begin',
  'start',
  'commit',
  'rollback',
  'savepoint',
  'release',
  'end',
  'lock',
  'unlock',
]);

/**
 * What a database and a transaction have in common. SQL takes values by `?`, given as an array, or by `:name`, given as
 * an object. Rejects with GW_SQL for a statement that is wrong or refused, GW_DATABASE when the database cannot be reached
 * or the connection broke, GW_COMMIT_UNKNOWN when it broke and what was sent may have been carried out.
 */
export abstract class DatabaseCalls implements StatementRunner {
  /** `mysql`, also for MariaDB, or `sqlite`. */
  abstract readonly dialect: Dialect;

  /**
   * Runs a statement. A SELECT and whatever else gives rows: its rows. An INSERT: the new id (0 in a table without
   * AUTO_INCREMENT), null when no row was inserted. UPDATE, DELETE, REPLACE: the number of rows. Others: null.
   */
  async query<Value = QueryResult>(sql: string, parameters?: Parameters): Promise<Value> {
    const bound = this.#bind(sql, parameters);
    return queryResult(bound.sql, this.dialect, await this.run(bound.sql, bound.values)) as Value;
  }

  /** The first row; false when there is none. */
  async row<Value = Row>(sql: string, parameters?: Parameters): Promise<Value | false> {
    const bound = this.#bind(sql, parameters);
    return rowResult(await this.run(bound.sql, bound.values)) as Value | false;
  }

  /** The first cell of each row; null when there is no row. */
  async column<Value = unknown>(sql: string, parameters?: Parameters): Promise<readonly Value[] | null> {
    const bound = this.#bind(sql, parameters);
    return columnResult(await this.runForCells(bound.sql, bound.values)) as readonly Value[] | null;
  }

  /** The first cell of the first row; false when there is none. */
  async single<Value = unknown>(sql: string, parameters?: Parameters): Promise<Value | false> {
    const bound = this.#bind(sql, parameters);
    return singleResult(await this.runForCells(bound.sql, bound.values)) as Value | false;
  }

  /** Begins a SELECT: `await db.select('id, name').from('users').where('age > ?', 18).query()`. */
  select(columns: string | ListOrMap<string> = '*'): StatementBuilder<readonly Row[]> {
    return StatementBuilder.of(this).select(columns);
  }

  /** Begins an INSERT: `await db.insert('users').cols({ name }).query()` gives the new id. */
  insert(table: string): StatementBuilder<number | bigint | null> {
    return StatementBuilder.of(this).insert(table);
  }

  /** Begins an UPDATE: `await db.update('users').cols({ name }).where('id = ?', id).query()` gives how many rows changed. */
  update(table: string): StatementBuilder<number> {
    return StatementBuilder.of(this).update(table);
  }

  /** Begins a DELETE: `await db.delete('users').where('id = ?', id).query()` gives how many rows went. */
  delete(table: string): StatementBuilder<number> {
    return StatementBuilder.of(this).delete(table);
  }

  /** @internal Runs a statement whose parameters are all `?`. */
  async run(sql: string, values: readonly SqlValue[]): Promise<RowsResult | ChangeResult> {
    const answer = await this.answer({ sql, values, arrays: false }, new Caller());
    return answer.rows === undefined ? changeOf(answer) : { rows: answer.rows as readonly Row[] };
  }

  /** @internal The same, for the first cell of each row. */
  async runForCells(sql: string, values: readonly SqlValue[]): Promise<CellsResult | ChangeResult> {
    const answer = await this.answer({ sql, values, arrays: true }, new Caller());
    if (answer.rows === undefined) return changeOf(answer);
    return { cells: (answer.rows as readonly (readonly unknown[])[]).map((row) => row[0]) };
  }

  #bind(sql: string, parameters: Parameters | undefined): CompiledStatement {
    const bound = bindParameters(sql, parameters, this.dialect);
    const verb = verbOf(bound.sql, this.dialect);
    if (!OF_THE_CONNECTION.has(verb)) return bound;
    throw sqlError(
      `${verb.toUpperCase()} changes a connection, which others use as well: use transaction(), which commits, and rolls back when it throws.`,
    );
  }

  protected abstract answer(statement: Statement, caller: Caller): Promise<Answer>;
}

function changeOf({ affectedRows, insertId }: Answer): ChangeResult {
  return { affectedRows, insertId };
}
