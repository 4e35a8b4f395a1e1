import type { Clock } from '../base/clock.js';
import { log } from '../base/user-log.js';
import type { Dialect, SqlValue } from './builder/statement.js';
import { Caller } from './caller.js';
import { type Answer, type Connection, DriverFailure } from './connection.js';
import { statementError } from './database-error.js';
import { statementText } from './private-text.js';

export interface Statement {
  readonly sql: string;
  readonly values: readonly SqlValue[];
  /** Rows as arrays of cells. */
  readonly arrays: boolean;
}

/** Carries statements out: measures them, counts those that are slow or fail, and says what went wrong. */
export class Executor {
  /** Statements that took longer than the limit. */
  slow = 0;
  /** Statements and connections that failed. */
  errors = 0;
  readonly dialect: Dialect;
  readonly #address: string;
  readonly #clock: Clock;
  readonly #slowFrom: number;

  /** @param slowFrom milliseconds from which on a statement is slow */
  constructor(options: { dialect: Dialect; address: string; clock: Clock; slowFrom: number }) {
    this.dialect = options.dialect;
    this.#address = options.address;
    this.#clock = options.clock;
    this.#slowFrom = options.slowFrom;
  }

  /** @throws DriverFailure */
  async carryOut(
    connection: Connection,
    { sql, values, arrays }: Statement,
    caller: Caller,
  ): Promise<Answer> {
    const begun = this.#clock.now();
    try {
      return await connection.execute(sql, values, arrays);
    } finally {
      const milliseconds = Math.round(this.#clock.now() - begun);
      if (milliseconds >= this.#slowFrom) this.#reportSlow(sql, milliseconds, caller);
    }
  }

  /** What the caller is told: of a failure with the statement that it happened to, else the error itself. */
  errorOf(error: unknown, sql: string, caller: Caller, inTransaction: boolean): unknown {
    this.errors++;
    if (!(error instanceof DriverFailure)) return error;
    const { dialect } = this;
    return statementError(error, { sql, dialect, address: this.#address, caller, inTransaction });
  }

  #reportSlow(sql: string, milliseconds: number, caller: Caller): void {
    this.slow++;
    const text = statementText(sql, this.dialect);
    const { place } = caller;
    log.warn(
      { milliseconds, sql: text, place },
      `a slow statement: ${milliseconds} ms${place === undefined ? '' : ` at ${place}`}: ${text}`,
    );
  }
}
