import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { StatementBuilder } from '#src/database/builder/builder.js';
import { type Database, GatewayError, type Parameters, database } from '#src/database/index.js';
import { eventually } from '../support/eventually.js';
import { fixtureLines } from '../support/fixtures.js';
import { MariaDb } from '../support/mariadb.js';

interface RecordedResults {
  readonly name: string;
  readonly setup?: readonly string[];
  readonly calls: readonly (readonly [method: string, ...args: unknown[]])[];
  readonly results: readonly (
    | { readonly value: unknown }
    | { readonly self: true }
    | { readonly done: true }
    | { readonly error: string }
  )[];
}

/** What of a recorded case is otherwise here. */
interface Difference {
  readonly why: string;
  /** What ours gives, by the number of the call. */
  readonly ours?: ReadonlyMap<number, unknown>;
  /** It is about calls that are not here. */
  readonly absent?: true;
  /** PHP gives rows for a text that begins with `SELECT ` or `SHOW ` only. */
  readonly givesRows?: true;
}

/** Not here: each call is a statement of its own, whose answer says all. */
const ABSENT = ['lastSQL', 'lastInsertId', 'beginTrans'];

/** Errors are compared as such: PHP's texts are PHP's. */
const ERROR = Symbol('an error');

const ROWS = 'rows are given, however the text begins';
const TRANSACTIONS = 'transaction() is the way to a transaction, which no statement leaves by itself';

const DIFFERENCES: Readonly<Record<string, Difference>> = {
  'where binds': {
    why: 'an array counts from its first element, and names may have their colon',
    ours: new Map<number, unknown>([
      [16, [{ name: 'b' }]],
      [17, [{ name: 'b' }]],
    ]),
  },
  'bind count and value errors': {
    why: 'an array is no value; one name may stand in several places',
    ours: new Map<number, unknown>([
      [3, ERROR],
      [4, [{ id: 1 }]],
    ]),
  },
  'update mixed named and positional': {
    why: 'parameters of both kinds may stand in one statement',
    ours: new Map([
      [3, 1],
      [8, 0],
    ]),
  },
  'first word decides': { why: ROWS, givesRows: true },
  WITH: { why: ROWS, givesRows: true },
  'EXPLAIN, DESC, SHOW': { why: ROWS, givesRows: true },
  CALL: { why: ROWS, givesRows: true, ours: new Map([[4, null]]) },
  'insert ignore, on duplicate, no row, returning': {
    why: ROWS,
    ours: new Map([[10, [{ id: 7, name: 'x' }]]]),
  },
  types: {
    why: 'a number beyond 2^53 is digits, and false is 0',
    ours: new Map<number, unknown>([
      [1, { a: 2, b: '0.5000', c: '-1', d: 1, e: '9007199254740993', f: 1 }],
      [2, 0],
      [3, { i: 1, s: 0, d: '1.25', f: 1e100, tx: '5' }],
      [4, { a: '1', b: '1.5', c: '1', d: null, e: '0' }],
    ]),
  },
  unicode: {
    why: 'the name of a parameter may have letters of any language, and text any character',
    ours: new Map<number, unknown>([
      [6, 0],
      [7, 0],
      [9, ['é', 'x', '张三', '😀']],
    ]),
  },
  'duplicate key inside a transaction rolls back': { why: TRANSACTIONS, absent: true },
  'transaction commit and roll back': { why: TRANSACTIONS, absent: true },
  'transaction misuse': { why: TRANSACTIONS, absent: true },
  'killed inside a transaction': { why: TRANSACTIONS, absent: true },
  'closed by wait_timeout inside a transaction': { why: TRANSACTIONS, absent: true },
  'closed by wait_timeout': {
    why: 'a connection that the server closes is no longer in the pool',
    absent: true,
  },
  'close, then use again': { why: 'a database that was closed stays closed', absent: true },
  'connection errors': { why: 'lost-connections.test.ts has them', absent: true },
};

const recorded = fixtureLines<RecordedResults>('mysql-results.jsonl');

describe('the results recorded from Workerman\\MySQL\\Connection, of a MariaDB', () => {
  let server: MariaDb;
  before(async () => (server = await MariaDb.start('--wait-timeout=28800')));
  after(async () => await server.remove());

  for (const one of recorded) {
    const difference = Object.hasOwn(DIFFERENCES, one.name) ? DIFFERENCES[one.name] : undefined;
    if (difference?.absent === true) continue;
    it(difference === undefined ? one.name : `${one.name} (otherwise: ${difference.why})`, async () => {
      await server.sql('DROP DATABASE IF EXISTS vec');
      const db = database({ url: await server.database('vec') });
      try {
        for (const statement of one.setup ?? []) await db.query(statement);
        await check(db, one, difference);
      } finally {
        await db.close();
      }
    });
  }

  async function check(
    db: Database,
    { calls, results }: RecordedResults,
    difference?: Difference,
  ): Promise<void> {
    let builder: StatementBuilder | undefined;
    for (const [index, [method, ...args]] of calls.entries()) {
      const result = results[index];
      if (ABSENT.includes(method)) continue;
      if (method === '@kill') {
        await server.killAll('vec');
        await eventually(async () => assert.equal(await Promise.resolve(db.counts.open), 0));
        continue;
      }
      if ('self' in result) {
        builder = call(builder ?? db, method, args) as StatementBuilder;
        continue;
      }
      const target = args.length === 0 && builder !== undefined ? builder : db;
      const [sql, parameters, mode] = args;
      // how rows are to be fetched: only as objects here
      if (mode !== undefined) continue;
      const given = args.length === 0 ? [] : [sql, parametersOf(parameters)];
      const value = await attempt(() => call(target, method, given));
      builder = undefined;
      if (
        difference?.givesRows === true &&
        difference.ours?.has(index) !== true &&
        method === 'query' &&
        !/^\s*(?:select|show) /i.test(String(sql))
      ) {
        assert.ok(Array.isArray(value), String(sql));
        continue;
      }
      const php = 'error' in result ? ERROR : (result as { value: unknown }).value;
      const expected = difference?.ours?.has(index) === true ? difference.ours.get(index) : php;
      assert.deepEqual(comparable(value), comparable(expected), `call ${index}: ${method} ${String(sql)}`);
    }
  }
});

async function attempt(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    assert.ok(error instanceof GatewayError && error.code === 'GW_SQL', String(error));
    return ERROR;
  }
}

function call(target: object, method: string, args: readonly unknown[]): unknown {
  return (target as Record<string, (...args: readonly unknown[]) => unknown>)[method](...args);
}

/** PHP's array with numbers for keys counts from 1, as places do. */
function parametersOf(given: unknown): Parameters | undefined {
  if (given === null || given === undefined) return undefined;
  if (typeof given === 'object' && '$map' in given)
    return Object.fromEntries(given.$map as [number, unknown][]);
  return given as Parameters;
}

/** A number of an id is a number here, where PHP has its digits. */
function comparable(value: unknown): unknown {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
}
