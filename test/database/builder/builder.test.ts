import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { StatementBuilder } from '#src/database/builder/builder.js';
import type { Row, SqlValue, StatementRunner } from '#src/database/builder/statement.js';
import { emptyBuilder } from './recorded-chain.js';

const db = emptyBuilder();
const sqlError = (message: RegExp) => ({ code: 'GW_SQL', message });

describe('a builder', () => {
  it('is never changed: one can be gone on from in several ways', () => {
    const users = db.select('id').from('users').where('age > ?', 18);
    const before = [users.toString(), users.getBindValues()];
    const changes: ((from: typeof users) => StatementBuilder<unknown>)[] = [
      (from) => from.select('name'),
      (from) => from.cols(['name']),
      (from) => from.insert('t'),
      (from) => from.update('t'),
      (from) => from.delete('t'),
      (from) => from.into('t'),
      (from) => from.table('t'),
      (from) => from.col('a', 1),
      (from) => from.set('a', 1),
      (from) => from.from('t'),
      (from) => from.fromRaw('t'),
      (from) => from.fromSubSelect(users, 'u'),
      (from) => from.join('t'),
      (from) => from.joinSubSelect('left', users, 'u', 'u.id = 1'),
      (from) => from.where('a = ?', 1),
      (from) => from.where({ 'a = ?': 1 }),
      (from) => from.orWhere('a = ?', 1),
      (from) => from.having('a = ?', 1),
      (from) => from.orHaving('a = ?', 1),
      (from) => from.groupBy(['a']),
      (from) => from.orderBy(['a']),
      (from) => from.orderByASC(['a']),
      (from) => from.orderByDESC(['a']),
      (from) => from.limit(1),
      (from) => from.offset(1),
      (from) => from.page(1),
      (from) => from.setPaging(5),
      (from) => from.distinct(),
      (from) => from.forUpdate(),
      (from) => from.union(),
      (from) => from.unionAll(),
      (from) => from.bindValue('a', 1),
      (from) => from.bindValues({ a: 1 }),
    ];
    for (const change of changes) {
      assert.notEqual(change(users), users);
      assert.deepEqual([users.toString(), users.getBindValues()], before, String(change));
    }
    assert.deepEqual(users.where('name = ?', 'ann').compile().values, [18, 'ann']);
    assert.deepEqual(users.where('name = ?', 'bob').compile().values, [18, 'bob']);
  });

  it('shows no values when it is logged', () => {
    const text = inspect(db.update('t').cols({ a: 'secret' }).where('b = ?', 'secret'), { depth: 9 });
    assert.doesNotMatch(text, /secret/);
  });

  it('brings its values when it is put in brackets, in any depth', () => {
    const inner = db.select('id').from('a').where('x = :x AND y = ?', 1).bindValue('x', 2);
    const middle = db.select('id').fromSubSelect(inner, 'i').having('z = ?', 3);
    const outer = db
      .select('*')
      .from('t')
      .joinSubSelect('left', middle, 'm', 't.id = m.id AND m.k = :x')
      .where('w = ?', 4)
      .bindValue('x', 5);
    assert.deepEqual(outer.compile().values, [2, 1, 3, 5, 4]);
    assert.throws(() => db.select('*').fromSubSelect(db.delete('t'), 'd'), sqlError(/has to be a SELECT/));
    assert.throws(
      () => db.select('*').fromSubSelect(inner.bindValue('no', 1), 'i'),
      sqlError(/no parameter :no/),
    );
  });

  it('leaves parameters without a value to the one around it', () => {
    const inner = db.select('id').from('a').where('x = ? AND y = :y');
    const outer = db.select('*').fromSubSelect(inner, 'i').where('z = ?', 1, 2).bindValue('y', 3);
    assert.deepEqual(outer.compile().values, [1, 3, 2]);
  });

  it('refuses a parameter where a literal has no end', () => {
    const open = db.update('t').set('a', "'x").cols({ b: 1 });
    assert.throws(() => open.compile(), sqlError(/before the parameter :b has no end/));
  });

  it('knows that brackets hold an expression together', () => {
    const text = db
      .select(['COUNT(DISTINCT name)', 'CAST(a AS CHAR)', 'CAST(b AS CHAR)', 'f(a) n'])
      .toString();
    assert.equal(text, 'SELECT COUNT(DISTINCT name),CAST(a AS CHAR),CAST(b AS CHAR),f(a) AS n');
  });

  it('refuses words before JOIN that are none, and numbers of rows that are none', () => {
    assert.throws(() => db.from('a').join('b', null, 'x; DROP TABLE'), sqlError(/no such type of join/));
    for (const limit of ['abc', NaN, -1, 2 ** 60, null, undefined]) {
      assert.throws(() => db.limit(limit as number), sqlError(/limit was given .*no whole number/));
    }
  });
});

/** Always gives the same answer, and notes what it runs. */
function runner(answer: { rows: Row[] } | { affectedRows: number; insertId: number }): StatementRunner & {
  ran: [string, readonly SqlValue[]][];
} {
  const ran: [string, readonly SqlValue[]][] = [];
  return {
    dialect: 'mysql',
    ran,
    run(sql, values) {
      ran.push([sql, values]);
      return Promise.resolve(answer);
    },
    runForCells(sql, values) {
      ran.push([sql, values]);
      return Promise.resolve('rows' in answer ? { cells: answer.rows.map(({ id }) => id) } : answer);
    },
  };
}

describe('the endings of a builder', () => {
  it('run it, and give what it is for', async () => {
    const answering = runner({ rows: [{ id: 1 }, { id: 2 }] });
    const users = StatementBuilder.of(answering)
      .select('id')
      .from('users')
      .where('age > :age')
      .bindValue('age', 3);
    const rows: readonly Row[] = await users.query();
    assert.deepEqual(rows, [{ id: 1 }, { id: 2 }]);
    assert.deepEqual(await users.row(), { id: 1 });
    assert.deepEqual(await users.column<number>(), [1, 2]);
    assert.equal(await users.single<number>(), 1);
    assert.deepEqual(
      answering.ran,
      Array.from({ length: 4 }, () => ['SELECT id FROM `users` WHERE age > ?', [3]]),
    );

    const changing = StatementBuilder.of(runner({ affectedRows: 2, insertId: 7 }));
    const id: number | bigint | null = await changing.insert('t').cols({ a: 1 }).query();
    const updated: number = await changing.update('t').cols({ a: 1 }).where('id = ?', 1).query();
    assert.deepEqual([id, updated, await changing.delete('t').query()], [7, 2, 2]);
  });

  it('reject when it cannot be made', async () => {
    const users = db.select('id').from('users').where('age > :age');
    for (const ending of ['query', 'row', 'column', 'single'] as const) {
      await assert.rejects(users[ending](), sqlError(/:age has none/));
      await assert.rejects(db[ending](), sqlError(/does nothing yet/));
    }
  });
});

describe('a builder for SQLite', () => {
  const sqlite = emptyBuilder('sqlite');

  it('says what SQLite says otherwise', () => {
    const texts: [StatementBuilder<unknown>, string][] = [
      [sqlite.insert('t'), 'INSERT INTO `t` DEFAULT VALUES'],
      [sqlite.insert('t').lowPriority().ignore().set('a', 1), 'INSERT OR IGNORE INTO `t` ( `a`) VALUES ( 1)'],
      [sqlite.update('t').ignore().set('a', 1), 'UPDATE OR IGNORE `t` SET `a` = 1'],
      [sqlite.delete('t').quick().lowPriority(), 'DELETE FROM `t`'],
      [sqlite.select('a').distinct().straightJoin().noCache().from('t'), 'SELECT DISTINCT a FROM `t`'],
    ];
    for (const [builder, text] of texts) assert.equal(builder.compile().sql, text);
  });

  it('refuses what SQLite has not', () => {
    const wrong: [StatementBuilder<unknown>, RegExp][] = [
      [sqlite.select('a').from('t').forUpdate(), /no SELECT … FOR UPDATE/],
      [sqlite.select('a').from('t').calcFoundRows(), /no SELECT SQL_CALC_FOUND_ROWS/],
      [sqlite.delete('t').ignore(), /no DELETE IGNORE/],
      [sqlite.delete('t').limit(1), /no DELETE with ORDER BY or LIMIT/],
      [sqlite.update('t').set('a', 1).orderBy(['b']), /no UPDATE with ORDER BY or LIMIT/],
      [sqlite.update('t').set('t.a', 1), /no table before the column/],
    ];
    for (const [builder, message] of wrong) assert.throws(() => builder.compile(), sqlError(message));
  });

  it('puts IGNORE last for MySQL, which takes it there only', () => {
    assert.equal(
      db.update('t').ignore().lowPriority().set('a', 1).toString(),
      'UPDATE LOW_PRIORITY IGNORE `t` SET `a` = 1',
    );
  });
});
