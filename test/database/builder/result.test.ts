import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { columnResult, queryResult, rowResult, singleResult, verbOf } from '#src/database/builder/result.js';
import { fixtureLines } from '../../support/fixtures.js';
import type { RecordedCall } from './recorded-chain.js';

const changed = (affectedRows: number, insertId: number | bigint | null = 0) => ({ affectedRows, insertId });
const query = (sql: string, result: Parameters<typeof queryResult>[2]) => queryResult(sql, 'mysql', result);

describe('what a statement gives', () => {
  it('query: rows, whatever the statement is', () => {
    const rows = [{ a: 1 }];
    for (const sql of [
      'SELECT 1',
      'SHOW TABLES',
      'WITH x AS (SELECT 1) SELECT 1',
      'EXPLAIN SELECT 1',
      'CALL p()',
    ]) {
      assert.equal(query(sql, { rows }), rows);
    }
    assert.deepEqual(query('INSERT INTO t VALUES (1) RETURNING id', { rows: [] }), []);
  });

  it('query: the id of an INSERT, null when nothing was inserted', () => {
    assert.equal(query('INSERT INTO t VALUES (1)', changed(1, 4)), 4);
    assert.equal(query('\n insert into t', changed(2, 2n ** 60n)), 2n ** 60n);
    assert.equal(query('INSERT INTO t VALUES (1)', changed(1, 0)), 0);
    assert.equal(query('INSERT IGNORE INTO t VALUES (1)', changed(0, 0)), null);
  });

  it('query: the number of rows of UPDATE, DELETE and REPLACE, and null of anything else', () => {
    assert.equal(query('UPDATE t SET a = 1', changed(3, 9)), 3);
    assert.equal(query('/* c */ DELETE FROM t', changed(0)), 0);
    assert.equal(query('REPLACE INTO t VALUES (1)', changed(2, 1)), 2);
    assert.equal(query('WITH x AS (SELECT 1) UPDATE t SET a = 1', changed(5)), 5);
    for (const sql of ['CREATE TABLE t (a INT)', 'SET @a = 1', 'CALL p()', '-- nothing', '']) {
      assert.equal(query(sql, changed(1, 1)), null);
    }
  });

  it('row: the first, or false', () => {
    assert.deepEqual(rowResult({ rows: [{ a: 1 }, { a: 2 }] }), { a: 1 });
    assert.equal(rowResult({ rows: [] }), false);
    assert.equal(rowResult(changed(1, 1)), false);
  });

  it('column: first cells, or null', () => {
    assert.deepEqual(columnResult({ cells: [1, null] }), [1, null]);
    assert.equal(columnResult({ cells: [] }), null);
    assert.equal(columnResult(changed(1)), null);
  });

  it('single: a cell, which may be null, or false', () => {
    assert.equal(singleResult({ cells: ['a', 'b'] }), 'a');
    assert.equal(singleResult({ cells: [null] }), null);
    assert.equal(singleResult({ cells: [] }), false);
    assert.equal(singleResult(changed(1)), false);
  });

  it('the verb is found behind white space, comments and WITH, in any case', () => {
    const verbs: [sql: string, verb: string][] = [
      ['SeLeCt\n1', 'select'],
      ['# c\n -- c\n/* c */ update t', 'update'],
      ['WITH a AS (INSERT), `delete` AS (SELECT 1) DELETE FROM t', 'delete'],
      ["WITH a AS (SELECT ')') INSERT INTO t", 'insert'],
      ['(SELECT 1)', ''],
    ];
    for (const [sql, verb] of verbs) assert.equal(verbOf(sql, 'mysql'), verb, sql);
  });
});

interface RecordedResult {
  readonly name: string;
  readonly calls: readonly RecordedCall[];
  readonly results: readonly { readonly value?: unknown }[];
}

/** PHP's results of statements that ran, for what they must have got from the server. */
describe('the results recorded from Workerman\\MySQL\\Connection', () => {
  // PHP throws rows away when the text does not begin with SELECT or SHOW and a space
  const throwsAway =
    /^\s*(?!select |show )(?:select|\(|\/\*|with|explain|desc|call sel|call two|.* returning )/i;

  for (const { name, calls, results } of fixtureLines<RecordedResult>('mysql-results.jsonl')) {
    const ran = calls.flatMap(([method, sql, , mode], index) =>
      typeof sql === 'string' &&
      mode === undefined &&
      results[index] !== undefined &&
      'value' in results[index]
        ? [{ method, sql, value: results[index].value }]
        : [],
    );
    it(name, () => {
      for (const { method, sql, value } of ran) {
        if (method === 'query' && throwsAway.test(sql)) continue;
        assert.deepEqual(shaped(method, sql, value), value, sql);
      }
    });
  }
});

/** The same result by ours, of a server's answer that fits the value. */
function shaped(method: string, sql: string, value: unknown): unknown {
  const none = /^\s*(?:insert|update|delete|replace)/i.test(sql) && !/returning/i.test(sql);
  switch (method) {
    case 'query':
      if (Array.isArray(value)) return query(sql, { rows: value });
      if (typeof value === 'string') return `${query(sql, changed(1, Number(value))) as number}`;
      return query(sql, changed(typeof value === 'number' ? value : 0, 1));
    case 'row':
      return rowResult(none ? changed(1, 1) : { rows: value === false ? [] : [value as never, {}] });
    case 'column':
      return columnResult(none ? changed(1, 1) : { cells: (value ?? []) as unknown[] });
    case 'single':
      return singleResult(none ? changed(1, 1) : { cells: value === false ? [] : [value, 'x'] });
    default:
      return value;
  }
}
