import { missingPackage } from '../base/missing-package.js';

/** What of a SQLite library is used: node:sqlite, or better-sqlite3. */
export interface SqliteHandle {
  prepare(sql: string): SqliteStatement;
  close(): void;
}

type Bound = readonly (string | number | bigint | null | Uint8Array)[];

interface SqliteStatement {
  readonly givesRows: boolean;
  /** Each row an array of cells, whole numbers as bigint. */
  all(values: Bound): unknown[][];
  /** Of its columns. SQLite reads a statement anew when tables have changed: they are right once it has run. */
  names(): string[];
  run(values: Bound): { changes: number | bigint; lastInsertRowid: number | bigint };
}

type Open = (file: string) => SqliteHandle;

interface RawStatement {
  all(...values: Bound): unknown[][];
  run(...values: Bound): { changes: number | bigint; lastInsertRowid: number | bigint };
  columns(): { name: string }[];
}
interface NodeStatement extends RawStatement {
  setReturnArrays(on: boolean): void;
  setReadBigInts(on: boolean): void;
}
interface BetterStatement extends RawStatement {
  readonly reader: boolean;
  raw(on: boolean): void;
  safeIntegers(on: boolean): void;
}
interface RawHandle<Statement> {
  prepare(sql: string): Statement;
  close(): void;
}
interface NodeSqlite {
  readonly DatabaseSync: new (file: string, options: object) => RawHandle<NodeStatement>;
  readonly StatementSync: { readonly prototype: object };
}
type BetterSqlite = new (file: string, options: object) => RawHandle<BetterStatement>;

/** The names are not written where the compiler would look for them: neither need be there. */
const NODE_SQLITE = 'node:sqlite';
const BETTER_SQLITE = 'better-sqlite3';

/** Of node:sqlite, which gives numbers. The lower byte is the kind. */
const CODES: Readonly<Record<number, string>> = {
  1: 'SQLITE_ERROR',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  18: 'SQLITE_TOOBIG',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  26: 'SQLITE_NOTADB',
  275: 'SQLITE_CONSTRAINT_CHECK',
  787: 'SQLITE_CONSTRAINT_FOREIGNKEY',
  1299: 'SQLITE_CONSTRAINT_NOTNULL',
  1555: 'SQLITE_CONSTRAINT_PRIMARYKEY',
  2067: 'SQLITE_CONSTRAINT_UNIQUE',
};

/** Node's own, from 22.16 on, else better-sqlite3. @throws GW_DATABASE when there is neither */
export async function openSqlite(): Promise<Open> {
  const own = await nodeSqlite();
  if (own !== undefined) return (file) => nodeHandle(new own.DatabaseSync(file, { timeout: 0 }));
  let Database: BetterSqlite;
  try {
    ({ default: Database } = (await import(BETTER_SQLITE)) as { default: BetterSqlite });
  } catch (error) {
    const what = `A sqlite: database needs Node.js 22.16 or later (this is ${process.version}) or the package better-sqlite3`;
    throw missingPackage('GW_DATABASE', what, 'better-sqlite3@12', error);
  }
  return (file) => betterHandle(new Database(file, { timeout: 0 }));
}

/** Of SQLite's error codes, as better-sqlite3 spells them. */
export function sqliteCode(error: unknown): string | undefined {
  const { errcode, code } = error as { errcode?: number; code?: string };
  if (errcode !== undefined) return CODES[errcode] ?? CODES[errcode & 0xff] ?? `SQLITE_${errcode}`;
  return typeof code === 'string' ? code : undefined;
}

/** Whether another connection has the lock. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error)?.startsWith('SQLITE_BUSY') === true;
}

async function nodeSqlite(): Promise<NodeSqlite | undefined> {
  const warn = process.emitWarning.bind(process);
  // that it is experimental is ours to know
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (!String(warning).startsWith('SQLite is')) (warn as (...all: unknown[]) => void)(warning, ...rest);
  };
  try {
    const found = (await import(NODE_SQLITE)) as NodeSqlite;
    return 'columns' in found.StatementSync.prototype ? found : undefined;
  } catch {
    return undefined;
  } finally {
    process.emitWarning = warn;
  }
}

function nodeHandle(raw: RawHandle<NodeStatement>): SqliteHandle {
  return {
    prepare(sql) {
      const statement = raw.prepare(sql);
      statement.setReturnArrays(true);
      statement.setReadBigInts(true);
      return wrapped(statement, statement.columns().length > 0);
    },
    close: () => raw.close(),
  };
}

function betterHandle(raw: RawHandle<BetterStatement>): SqliteHandle {
  return {
    prepare(sql) {
      const statement = raw.prepare(sql);
      if (!statement.reader) return wrapped(statement, false);
      statement.raw(true);
      statement.safeIntegers(true);
      return wrapped(statement, true);
    },
    close: () => raw.close(),
  };
}

function wrapped(statement: RawStatement, givesRows: boolean): SqliteStatement {
  return {
    givesRows,
    names: () => statement.columns().map(({ name }) => name),
    all: (values) => statement.all(...values),
    run: (values) => statement.run(...values),
  };
}
