import type { SqlValue } from './builder/statement.js';
import { type Answer, type Connect, type Connection, DriverFailure } from './connection.js';
import { type SqliteHandle, isBusy, sqliteCode, openSqlite } from './sqlite-library.js';
import type { SqliteAddress } from './url.js';

/** Milliseconds that a statement waits while another thread or process writes. */
const BUSY_TIMEOUT = 5000;
/** Milliseconds between two attempts, at most. */
const LONGEST_PAUSE = 20;
/** Statements that change rows, and those that make new ones: of others SQLite repeats the last number. */
const CHANGES = /^\s*(?:insert|replace|update|delete|with)\b/i;
const INSERTS = /^\s*(?:insert|replace|with)\b/i;

/** @throws GW_DATABASE when there is no SQLite */
export async function sqliteConnect({ file }: SqliteAddress): Promise<Connect> {
  const open = await openSqlite();
  return async (onLost) => {
    let handle: SqliteHandle;
    try {
      handle = open(file);
    } catch (error) {
      throw failureOf(error, 'unreachable');
    }
    const connection = new SqliteConnection(handle, onLost);
    try {
      if (file !== ':memory:') {
        // readers and a writer do not wait for one another; a commit outlives the process, and the system's crash at most not
        await connection.execute('PRAGMA journal_mode = WAL', [], true);
        await connection.execute('PRAGMA synchronous = NORMAL', [], true);
      }
      await connection.execute('PRAGMA foreign_keys = ON', [], true);
    } catch (error) {
      connection.destroy();
      throw failureOf(error, 'unreachable');
    }
    return connection;
  };
}

/**
 * SQLite runs in this thread: a statement blocks it. It never waits for a lock in there, since whoever has the lock may be
 * a handler of this very thread.
 */
class SqliteConnection implements Connection {
  lost = false;
  readonly #handle: SqliteHandle;
  readonly #onLost: () => void;
  /** The statement before. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(handle: SqliteHandle, onLost: () => void) {
    this.#handle = handle;
    this.#onLost = onLost;
  }

  async execute(sql: string, values: readonly SqlValue[], arrays: boolean): Promise<Answer> {
    const run = async (): Promise<Answer> => await this.#whenFree(sql, values, arrays);
    const answer = this.#last.then(run, run);
    this.#last = answer;
    return await answer;
  }

  async ping(): Promise<boolean> {
    return await Promise.resolve(!this.lost);
  }

  async close(): Promise<void> {
    this.destroy();
    await Promise.resolve();
  }

  destroy(): void {
    if (this.lost) return;
    this.lost = true;
    try {
      this.#handle.close();
    } catch {
      // it is gone either way
    }
    this.#onLost();
  }

  async #whenFree(sql: string, values: readonly SqlValue[], arrays: boolean): Promise<Answer> {
    const until = performance.now() + BUSY_TIMEOUT;
    for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      if (this.lost) throw new DriverFailure('lost', 'the database was closed', 'CLOSED');
      try {
        return this.#execute(sql, values, arrays);
      } catch (error) {
        if (!isBusy(error) || performance.now() > until) throw failureOf(error, 'refused');
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  #execute(sql: string, values: readonly SqlValue[], arrays: boolean): Answer {
    const statement = this.#handle.prepare(sql);
    const bound = values.map(boundValue);
    if (!statement.givesRows) {
      const { changes, lastInsertRowid } = statement.run(bound);
      return {
        rows: undefined,
        affectedRows: CHANGES.test(sql) ? Number(changes) : 0,
        insertId: INSERTS.test(sql) ? wholeNumber(lastInsertRowid) : null,
      };
    }
    const cells = statement.all(bound);
    for (const row of cells) {
      for (let at = 0; at < row.length; at++) {
        const cell = row[at];
        if (typeof cell === 'bigint')
          row[at] = Number.isSafeInteger(Number(cell)) ? Number(cell) : String(cell);
      }
    }
    const names = statement.names();
    const rows = arrays
      ? cells
      : cells.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index]])));
    return { rows, affectedRows: 0, insertId: null };
  }
}

/** Whole numbers as such: SQLite keeps 5.0 in a column of text otherwise. Dates as SQLite's own functions write them, in UTC. */
function boundValue(value: SqlValue): string | number | bigint | null | Uint8Array {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (value instanceof Date) return value.toISOString().replace('T', ' ').replace('Z', '');
  return value;
}

function wholeNumber(value: number | bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function failureOf(error: unknown, kind: 'unreachable' | 'refused'): DriverFailure {
  const message = error instanceof Error ? error.message : String(error);
  return new DriverFailure(kind, message, error instanceof DriverFailure ? error.code : sqliteCode(error));
}
