import type { SqlValue } from './builder/statement.js';

/** What a server answered. */
export interface Answer {
  /** Undefined for a statement that gives none. Arrays, where they were asked for, else objects by column name. */
  readonly rows: readonly unknown[] | undefined;
  /** Rows inserted, deleted or really changed. */
  readonly affectedRows: number;
  readonly insertId: number | bigint | null;
}

/** One connection to a database. Statements are carried out one after another. */
export interface Connection {
  /** Whether it can no longer be used. */
  readonly lost: boolean;
  /** @param arrays rows as arrays of cells @throws DriverFailure */
  execute(sql: string, values: readonly SqlValue[], arrays: boolean): Promise<Answer>;
  /** Whether the server still answers. */
  ping(): Promise<boolean>;
  /** Says goodbye. */
  close(): Promise<void>;
  /** Cuts it off. */
  destroy(): void;
}

/** Opens connections. @param onLost is called once, when the connection is gone, for whatever reason @throws DriverFailure */
export type Connect = (onLost: () => void) => Promise<Connection>;

/**
 * `unreachable`: there is no connection. `lost`: it broke before, or while, the statement was carried out.
 * `refused`: the server answered with an error.
 */
export type FailureKind = 'unreachable' | 'lost' | 'refused';

/** Why a driver could not do something, in words that hold no value and no password. */
export class DriverFailure extends Error {
  override readonly name = 'DriverFailure';

  constructor(
    readonly kind: FailureKind,
    message: string,
    /** The driver's: `ER_DUP_ENTRY`, `ECONNREFUSED`, `SQLITE_CONSTRAINT_UNIQUE`. */
    readonly code: string | undefined,
    /** Of a lost connection: whether the server may have got the statement. */
    readonly maybeSent = false,
    /** Whether the server has ended the transaction that the statement was in. */
    readonly transactionEnded = false,
  ) {
    super(message);
    // whoever asked for the statement is in the stack of the error that this one is the cause of
    this.stack = `${this.name}: ${message}`;
  }
}
