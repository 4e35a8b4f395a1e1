import { GatewayError } from '../../base/errors.js';

/** Whose SQL it is: what is quoted how, and which words of MySQL's have to be said otherwise. */
export type Dialect = 'mysql' | 'sqlite';

/** A row by the names of its columns. Of two columns with one name the later counts, as in PHP. */
export type Row = Record<string, unknown>;

/** What can be bound to a parameter of a statement. */
export type SqlValue = string | number | bigint | null | Date | Uint8Array;

/** A statement as a driver takes it: each `?` that is a parameter has its value, in order. */
export interface CompiledStatement {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** The answer of a statement that gives rows, which may be none. */
export interface RowsResult {
  readonly rows: readonly Row[];
}

/** The same, of which only the first cell of each row is wanted. */
export interface CellsResult {
  readonly cells: readonly unknown[];
}

/** The answer of a statement that gives no rows. */
export interface ChangeResult {
  /** Rows inserted, deleted, or by an UPDATE really changed; 0 where the statement changes no rows. */
  readonly affectedRows: number;
  /** The value of the AUTO_INCREMENT column; 0 or null where there is none. */
  readonly insertId: number | bigint | null;
}

/** What a builder needs of a database: a pool, or one connection in a transaction. */
export interface StatementRunner {
  readonly dialect: Dialect;
  run(sql: string, values: readonly SqlValue[]): Promise<RowsResult | ChangeResult>;
  /**
   * As `run`, but answers with the first cell of each row. It has to be the cell of the first column: a row by names does
   * not tell, when a later column has the same name or one that is a number.
   */
  runForCells(sql: string, values: readonly SqlValue[]): Promise<CellsResult | ChangeResult>;
}

/** Wrong use of the builder or of parameters. The message never has a value in it. */
export function sqlError(message: string): GatewayError {
  return new GatewayError('GW_SQL', message);
}

/** What somebody gave us, without telling what is in it. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (Array.isArray(value)) return 'an array';
  return `a value of type ${typeof value}`;
}
