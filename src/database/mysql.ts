import type { Connection as RawConnection, ConnectionOptions, FieldPacket } from 'mysql2';
import type { SqlValue } from './builder/statement.js';
import { type Answer, type Connect, type Connection, DriverFailure } from './connection.js';
import { missingPackage } from '../base/missing-package.js';
import { serverText } from './private-text.js';
import type { MysqlAddress } from './url.js';

/** Prepared statements that a connection keeps. A server keeps 16,382 of all its connections together. */
const PREPARED = 100;
/** Milliseconds for an answer to a ping, and for a goodbye. */
const PING_TIMEOUT = 3000;
const CLOSE_TIMEOUT = 500;

/** MySQL's types of columns whose values mysql2 gives otherwise than Workerman. */
const YEAR = 13;
const BIT = 16;
const FLOAT = 4;

/** The server has ended the whole transaction by itself: a deadlock. */
const ROLLED_BACK = new Set([1213]);
/** The connection was ended while nothing was asked of it. MySQL's own says so before it closes. */
const IDLE_TOO_LONG = 4031;
/** The server ends this connection: a shutdown, or KILL. */
const ENDED = new Set([1053, 1927, 3169, IDLE_TOO_LONG]);

type RawFailure = Error & { code?: string; errno?: number; sqlState?: string; fatal?: boolean };

/** @throws GW_DATABASE when mysql2 is not installed */
export async function mysqlConnect(address: MysqlAddress): Promise<Connect> {
  const { createConnection } = await import('mysql2').catch((error: unknown) => {
    throw missingPackage('GW_DATABASE', 'A mysql:// database needs the package mysql2', 'mysql2@3', error);
  });
  const options = connectionOptions(address);
  return async (onLost) =>
    await new Promise<Connection>((resolve, reject) => {
      const raw = createConnection(options);
      const connection = new MysqlConnection(raw, onLost);
      raw.connect((error) => {
        if (error === null) {
          resolve(connection);
          return;
        }
        const { code, errno, message } = error as RawFailure;
        reject(new DriverFailure('unreachable', serverText(message || String(code), errno), code));
        connection.destroy();
      });
    });
}

function connectionOptions({ tls, ...address }: MysqlAddress): ConnectionOptions {
  const { host, port, user, password, database, socketPath, connectTimeout } = address;
  return {
    ...(socketPath === undefined ? { host, port } : { socketPath }),
    user,
    password,
    database,
    connectTimeout,
    charset: 'utf8mb4',
    // as Workerman has them: dates and JSON as they are written, and numbers beyond 2^53 as digits
    dateStrings: true,
    jsonStrings: true,
    supportBigNumbers: true,
    // affected rows are those that really changed
    flags: ['-FOUND_ROWS'],
    maxPreparedStatements: PREPARED,
    ...(tls === 'off' ? {} : { ssl: { rejectUnauthorized: tls === 'verify' } }),
  };
}

class MysqlConnection implements Connection {
  lost = false;
  readonly #raw: RawConnection;
  readonly #onLost: () => void;

  constructor(raw: RawConnection, onLost: () => void) {
    this.#raw = raw;
    this.#onLost = onLost;
    raw.on('error', () => this.#lose());
    raw.on('end', () => this.#lose());
  }

  async execute(sql: string, values: readonly SqlValue[], arrays: boolean): Promise<Answer> {
    if (this.lost) throw new DriverFailure('lost', 'the connection was closed before', 'CLOSED');
    return await new Promise<Answer>((resolve, reject) => {
      const done = (error: RawFailure | null, result: unknown, fields: unknown): void => {
        if (error === null) resolve(answerOf(result, fields, arrays));
        else reject(this.#failure(error));
      };
      // options cost mysql2 a fifth of a small statement: only where there are some
      const statement = (arrays ? { sql, rowsAsArray: true } : sql) as string;
      // values never become text here: the server gets them beside the statement
      if (values.length === 0) this.#raw.query(statement, done);
      else this.#raw.execute(statement, values.map(boundValue), done);
    });
  }

  async ping(): Promise<boolean> {
    if (this.lost) return false;
    return await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), PING_TIMEOUT);
      this.#raw.ping((error) => {
        clearTimeout(timer);
        resolve(error === null);
      });
    });
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CLOSE_TIMEOUT);
      this.#raw.end(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.destroy();
  }

  destroy(): void {
    this.#raw.destroy();
    this.#lose();
  }

  #lose(): void {
    if (this.lost) return;
    this.lost = true;
    this.#onLost();
  }

  #failure(error: RawFailure): DriverFailure {
    const { code, errno, message, sqlState, fatal } = error;
    // without a state the server has not said anything
    const answered = sqlState !== undefined && sqlState !== '' && errno !== undefined;
    if (answered && !ENDED.has(errno)) {
      return new DriverFailure('refused', serverText(message, errno), code, true, ROLLED_BACK.has(errno));
    }
    if (!answered && fatal !== true && !this.lost && code === undefined) {
      // mysql2 has two ways to say that it has not even tried
      if (!message.includes('closed state')) return new DriverFailure('refused', message, code);
    }
    const unsent = message.includes('closed state') || errno === IDLE_TOO_LONG;
    this.destroy();
    return new DriverFailure('lost', serverText(message || String(code), errno), code, !unsent);
  }
}

/** Numbers go as digits, as in PHP: the server reads them as the type that the column has. */
function boundValue(value: SqlValue): string | Buffer | Date | null {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array && !Buffer.isBuffer(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  return value;
}

interface Change {
  readonly affectedRows: number;
  readonly insertId: number | string;
}

function answerOf(result: unknown, fields: unknown, arrays: boolean): Answer {
  if (!Array.isArray(result)) {
    const { affectedRows, insertId } = result as Change;
    return {
      rows: undefined,
      affectedRows,
      insertId: typeof insertId === 'string' ? BigInt(insertId) : insertId,
    };
  }
  // a procedure answers with several results: the first counts, as in PHP
  const several = Array.isArray(fields) && (Array.isArray(fields[0]) || fields[0] === undefined);
  const [rows, columns] =
    several && fields.length > 0 ? [result[0] as unknown, fields[0] as unknown] : [result, fields];
  if (!Array.isArray(rows)) return answerOf(rows, undefined, arrays);
  if (Array.isArray(columns)) mendRows(rows, columns as FieldPacket[], arrays);
  return { rows, affectedRows: 0, insertId: null };
}

function mendRows(rows: unknown[], columns: readonly FieldPacket[], arrays: boolean): void {
  for (const [index, { columnType, name }] of columns.entries()) {
    if (columnType !== YEAR && columnType !== BIT && columnType !== FLOAT) continue;
    const key = arrays ? index : name;
    for (const row of rows as Record<string | number, unknown>[]) row[key] = mended(columnType, row[key]);
  }
}

function mended(type: number, value: unknown): unknown {
  if (type === YEAR && typeof value === 'number') return String(value).padStart(4, '0');
  // the binary protocol has the nearest float, which a number of ours has more digits for
  if (type === FLOAT && typeof value === 'number') return Number(value.toPrecision(7));
  if (type !== BIT || !Buffer.isBuffer(value)) return value;
  const bits = BigInt(`0x${value.toString('hex') || '0'}`);
  return bits <= Number.MAX_SAFE_INTEGER ? Number(bits) : String(bits);
}
