import { type ErrorCode, GatewayError } from '../base/errors.js';
import type { Dialect } from './builder/statement.js';
import type { Caller } from './caller.js';
import type { DriverFailure } from './connection.js';
import { statementText } from './private-text.js';

/** What a database could not do. Values and passwords are in none of its texts. */
export class DatabaseError extends GatewayError {
  /** The driver's code, as far as there is one: `ER_DUP_ENTRY`, `ECONNREFUSED`, `SQLITE_CONSTRAINT_UNIQUE`. */
  readonly driverCode: string | undefined;

  constructor(code: ErrorCode, message: string, cause: DriverFailure, caller: Caller) {
    super(code, message, { cause });
    this.driverCode = cause.code;
    // where the statement was asked for tells more than where its answer came in
    this.stack = [`${this.name}: ${message}`, ...caller.frames].join('\n');
  }
}

export interface FailedStatement {
  readonly sql: string;
  readonly dialect: Dialect;
  /** For people. */
  readonly address: string;
  readonly caller: Caller;
  readonly inTransaction: boolean;
}

/** The failure of a statement as its caller is told of it. */
export function statementError(failure: DriverFailure, statement: FailedStatement): DatabaseError {
  const { sql, dialect, address, caller, inTransaction } = statement;
  const { place } = caller;
  const what = place === undefined ? 'A statement' : `The statement at ${place}`;
  const reason = failure.code === undefined ? failure.message : `${failure.code}: ${failure.message}`;
  const text = statementText(sql, dialect);
  const error = (code: ErrorCode, message: string) => new DatabaseError(code, message, failure, caller);
  if (failure.kind === 'unreachable') {
    return error('GW_DATABASE', `${address} cannot be reached: ${reason}`);
  }
  if (failure.kind === 'refused') return error('GW_SQL', `${what} failed: ${reason}. SQL: ${text}`);
  const lost = `${what} lost its connection to ${address} (${reason})`;
  if (/^\s*commit\b/i.test(sql)) {
    if (failure.maybeSent) {
      return error(
        'GW_COMMIT_UNKNOWN',
        `${lost} while COMMIT was on its way: all of it may be committed, or nothing.`,
      );
    }
    return error('GW_DATABASE', `${lost} before COMMIT: nothing of the transaction is committed.`);
  }
  if (inTransaction) {
    return error('GW_DATABASE', `${lost} inside a transaction: nothing of it is committed. SQL: ${text}`);
  }
  if (failure.maybeSent) {
    return error(
      'GW_COMMIT_UNKNOWN',
      `${lost} before the answer: it may have been carried out, or not. SQL: ${text}`,
    );
  }
  return error('GW_DATABASE', `${lost} before it was sent: it was not carried out. SQL: ${text}`);
}
