import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, after, before, describe, it } from 'node:test';
import { sql as kyselySql } from 'kysely';
import { type Database, DatabaseError, type Transaction, database } from '#src/database/index.js';
import { MariaDb } from '../support/mariadb.js';

interface Tables {
  users: { id: number; name: string; age: number | null };
}

let server: MariaDb;
let folder: string;
before(async () => {
  server = await MariaDb.start();
  folder = await mkdtemp(join(tmpdir(), 'gatewayworker-database-'));
});
after(async () => {
  await server.remove();
  await rm(folder, { recursive: true });
});

const KINDS = {
  MariaDB: async () => await server.database('calls'),
  'SQLite in a file': async () => await Promise.resolve(`sqlite:${join(folder, 'calls.db')}`),
  'SQLite in memory': async () => await Promise.resolve('sqlite::memory:'),
};

async function insert(calls: Database | Transaction, name: string): Promise<void> {
  await calls.query('INSERT INTO users (name) VALUES (?)', [name]);
}

async function names(db: Database): Promise<readonly unknown[]> {
  return (await db.column('SELECT name FROM users ORDER BY id')) ?? [];
}

for (const [kind, makeUrl] of Object.entries(KINDS)) {
  /** With an empty table of users. */
  async function open(t: TestContext): Promise<Database> {
    const db = database({ url: await makeUrl(), poolSize: 2 });
    t.after(() => db.close());
    const serial = db.dialect === 'sqlite' ? 'INTEGER PRIMARY KEY' : 'INT PRIMARY KEY AUTO_INCREMENT';
    await db.query('DROP TABLE IF EXISTS users');
    await db.query(`CREATE TABLE users (id ${serial}, name VARCHAR(20) NOT NULL UNIQUE, age INT)`);
    return db;
  }

  describe(`a database: ${kind}`, () => {
    it('gives ids, rows, columns and cells, and takes values by place and by name', async (t) => {
      const db = await open(t);
      assert.equal(await db.query('INSERT INTO users (name, age) VALUES (?, ?)', ['ann', 30]), 1);
      assert.equal(
        await db.query('INSERT INTO users (name, age) VALUES (:name, :age)', { name: 'bob', age: null }),
        2,
      );
      assert.deepEqual(
        await db.query('SELECT * FROM users WHERE age = :age OR name = :name', { age: 30, name: 'bob' }),
        [
          { id: 1, name: 'ann', age: 30 },
          { id: 2, name: 'bob', age: null },
        ],
      );
      assert.deepEqual(await db.row('SELECT name FROM users WHERE id = ?', [2]), { name: 'bob' });
      assert.equal(await db.row('SELECT name FROM users WHERE id = ?', [3]), false);
      assert.deepEqual(await db.column('SELECT name, id FROM users ORDER BY id'), ['ann', 'bob']);
      assert.equal(await db.single("SELECT age FROM users WHERE name = '?' OR name = ?", ['ann']), 30);
      assert.equal(await db.query('UPDATE users SET age = 31 WHERE id = 1'), 1);
      assert.equal(await db.query('DELETE FROM users WHERE id > ?', [5]), 0);
      assert.deepEqual(await db.select('name').from('users').where('age > ?', 30).query(), [{ name: 'ann' }]);
      assert.equal(await db.insert('users').cols({ name: 'eve', age: 7 }).query(), 3);
      assert.equal(await db.update('users').cols({ age: 8 }).where('name = ?', 'eve').query(), 1);
      assert.equal(await db.delete('users').where('name = ?', 'eve').query(), 1);
    });

    it('keeps bytes, numbers beyond 2^53, and characters of four bytes', async (t) => {
      const db = await open(t);
      await db.query('DROP TABLE IF EXISTS kinds');
      await db.query('CREATE TABLE kinds (b BLOB, n BIGINT, t VARCHAR(20))');
      const bytes = Uint8Array.of(0, 255, 39, 92);
      await db.query('INSERT INTO kinds VALUES (?, ?, ?)', [bytes, 2n ** 62n, "😀'\\"]);
      const row = await db.row<{ b: Uint8Array; n: string; t: string }>('SELECT * FROM kinds');
      assert.ok(row !== false);
      assert.deepEqual([...row.b], [...bytes]);
      assert.equal(row.n, '4611686018427387904');
      assert.equal(row.t, "😀'\\");
      // a whole number that goes to a column of text is its digits
      await db.query('UPDATE kinds SET t = ?', [5]);
      assert.equal(await db.single('SELECT t FROM kinds'), '5');
    });

    it("gives errors with the driver's code and the caller's place, and without values", async (t) => {
      const db = await open(t);
      await insert(db, 's3cret');
      await assert.rejects(insert(db, 's3cret'), (error: unknown) => {
        assert.ok(error instanceof DatabaseError);
        assert.equal(error.code, 'GW_SQL');
        assert.match(String(error.driverCode), /^(?:ER_DUP_ENTRY|SQLITE_CONSTRAINT_UNIQUE)$/);
        assert.match(error.message, /at test\/database\/database\.test\.ts:\d+ failed/);
        assert.match(String(error.stack), /at insert \(.*database\.test\.ts:/);
        assert.doesNotMatch(
          String(error.stack) + String((error.cause as Error).stack),
          /s3cret|src\/database/,
        );
        return true;
      });
      await assert.rejects(db.query('SELECT nothing FROM nowhere'), { code: 'GW_SQL', message: /nowhere/ });
      await assert.rejects(db.query('SELECT ?', []), { code: 'GW_SQL' });
      assert.equal(db.counts.busy, 0);
    });

    it('runs a transaction: all of it, or nothing', async (t) => {
      const db = await open(t);
      const value = await db.transaction(async (tx) => {
        await insert(tx, 'ann');
        assert.equal(await tx.single('SELECT COUNT(*) FROM users'), 1);
        return 'done';
      });
      assert.equal(value, 'done');
      const reason = new Error('no');
      await assert.rejects(
        db.transaction(async (tx) => {
          await insert(tx, 'bob');
          throw reason;
        }),
        (error) => error === reason,
      );
      assert.deepEqual(await names(db), ['ann']);
      assert.equal(db.counts.busy, 0);
    });

    it('runs transactions within transactions, as savepoints', async (t) => {
      const db = await open(t);
      await db.transaction(async (tx) => {
        await insert(tx, 'ann');
        await assert.rejects(
          tx.transaction(async (inner) => {
            await insert(inner, 'bob');
            await assert.rejects(insert(tx, 'outer'), { code: 'GW_SQL', message: /within this one is open/ });
            throw new Error('no');
          }),
          /no/,
        );
        await tx.transaction(async (inner) => {
          await insert(inner, 'eve');
          await inner.transaction(async (innermost) => await insert(innermost, 'dan'));
        });
      });
      assert.deepEqual(await names(db), ['ann', 'eve', 'dan']);
    });

    it('takes no statement after the end of its transaction', async (t) => {
      const db = await open(t);
      const kept = await db.transaction((tx) => tx);
      await assert.rejects(insert(kept, 'late'), {
        code: 'GW_SQL',
        message: /after the end of its transaction/,
      });
      assert.deepEqual(await names(db), []);
    });

    it('leaves it to transaction() to begin and end one', async (t) => {
      const db = await open(t);
      for (const sql of [
        'BEGIN',
        'start transaction',
        'COMMIT',
        '/* x */ ROLLBACK',
        'SAVEPOINT a',
        'LOCK TABLES users WRITE',
      ]) {
        await assert.rejects(db.query(sql), { code: 'GW_SQL', message: /use transaction\(\)/ }, sql);
        await assert.rejects(
          db.transaction(async (tx) => await tx.query(sql)),
          { code: 'GW_SQL' },
          sql,
        );
      }
    });

    it('is there for Kysely, with its transactions', async (t) => {
      const db = await open(t);
      const kysely = db.kysely<Tables>();
      const { insertId } = await kysely
        .insertInto('users')
        .values({ id: 7, name: 'ann', age: 3 })
        .executeTakeFirstOrThrow();
      assert.equal(insertId, 7n);
      await assert.rejects(
        kysely.transaction().execute(async (trx) => {
          await trx.insertInto('users').values({ id: 8, name: 'bob', age: 4 }).execute();
          throw new Error('no');
        }),
        /no/,
      );
      const rows = await kysely.selectFrom('users').select(['name']).where('age', '<', 10).execute();
      assert.deepEqual(rows, [{ name: 'ann' }]);
      await assert.rejects(kysely.insertInto('users').values({ id: 9, name: 'ann', age: 3 }).execute(), {
        code: 'GW_SQL',
        message: /database\.test\.ts:\d+ failed/,
      });
      assert.equal(db.counts.busy, 0);
    });

    it('opens nothing before its first use, and nothing after its end', async () => {
      const db = database({ url: await makeUrl() });
      assert.equal(db.counts.open, 0);
      await db.query('SELECT 1');
      assert.equal(db.counts.open, 1);
      const running = db.query('SELECT 2 AS two');
      await new Promise((resolve) => setImmediate(resolve));
      await db.close();
      assert.deepEqual(await running, [{ two: 2 }]);
      assert.equal(db.counts.open, 0);
      await assert.rejects(db.query('SELECT 1'), { code: 'GW_DATABASE', message: /is closed/ });
      await db.close();
    });
  });
}

describe('a pool', () => {
  it('opens no more than its size, and serves in order who waits', async () => {
    const db = database({ url: await server.database('pool'), poolSize: 3 });
    const all = Promise.all(
      Array.from({ length: 20 }, async (_, index) => await db.single('SELECT ? + SLEEP(0.01)', [index])),
    );
    await db.single('SELECT 1');
    assert.equal(db.counts.open, 3);
    assert.deepEqual(
      await all,
      Array.from({ length: 20 }, (_, index) => index),
    );
    assert.equal((await server.connections('pool')).length, 3);
    assert.deepEqual(db.counts, { open: 3, busy: 0, waiting: 0, slow: 0, errors: 0 });
    await db.close();
  });

  it('of one connection says so, when a transaction would wait for itself', async () => {
    const db = database({ url: 'sqlite::memory:' });
    await assert.rejects(
      db.transaction(async () => await db.query('SELECT 1')),
      { code: 'GW_SQL', message: /would wait for itself: call it on tx/ },
    );
    await db.close();
  });
});

describe('a transaction that the server has rolled back', () => {
  it('for a deadlock, takes nothing more, though the error was caught', async () => {
    const db = database({ url: await server.database('deadlock') });
    await db.query('CREATE TABLE t (id INT PRIMARY KEY, n INT)');
    await db.query('INSERT INTO t VALUES (1, 0), (2, 0)');
    let meet!: () => void;
    const both = new Promise<void>((resolve) => (meet = resolve));
    let here = 0;
    const run = async (first: number, second: number): Promise<void> =>
      await db.transaction(async (tx) => {
        await tx.query('UPDATE t SET n = n + 1 WHERE id = ?', [first]);
        if (++here === 2) meet();
        await both;
        await tx.query('UPDATE t SET n = n + 1 WHERE id = ?', [second]).catch((error: DatabaseError) => {
          assert.equal(error.driverCode, 'ER_LOCK_DEADLOCK');
        });
      });
    const ends = await Promise.allSettled([run(1, 2), run(2, 1)]);
    const failed = ends.filter((end) => end.status === 'rejected');
    assert.equal(failed.length, 1);
    assert.match(
      String(failed[0].reason),
      /cannot be committed: the server has rolled it back \(ER_LOCK_DEADLOCK\)/,
    );
    assert.deepEqual(await db.column('SELECT n FROM t'), [1, 1]);
    await db.close();
  });
});

describe("Kysely's transaction, when the server has rolled it back", () => {
  it('takes nothing more, though the error was caught', async () => {
    const db = database({ url: await server.database('kysely') });
    await db.query('CREATE TABLE t (id INT PRIMARY KEY)');
    const kysely = db.kysely<{ t: { id: number } }>();
    await db.query('CREATE PROCEDURE roll_back() SIGNAL SQLSTATE "40001" SET MYSQL_ERRNO = 1213');
    await assert.rejects(
      kysely.transaction().execute(async (trx) => {
        await kyselySql`CALL roll_back()`.execute(trx).catch(() => {});
        await trx.insertInto('t').values({ id: 1 }).execute();
      }),
      { code: 'GW_SQL', message: /rolled it back \(ER_LOCK_DEADLOCK\)/ },
    );
    assert.equal(await db.single('SELECT COUNT(*) FROM t'), 0);
    assert.equal(db.counts.busy, 0);
    await db.close();
  });
});

describe('a COMMIT that the database refuses', () => {
  it('is rolled back, and the connection serves the next', async () => {
    const db = database({ url: 'sqlite::memory:' });
    await db.query('CREATE TABLE rooms (id INTEGER PRIMARY KEY)');
    await db.query('CREATE TABLE seats (room INT REFERENCES rooms (id) DEFERRABLE INITIALLY DEFERRED)');
    await assert.rejects(
      db.transaction(async (tx) => await tx.query('INSERT INTO seats VALUES (1)')),
      { code: 'GW_SQL', message: /FOREIGN KEY constraint failed/ },
    );
    assert.equal(await db.transaction(async (tx) => await tx.single('SELECT COUNT(*) FROM seats')), 0);
    await db.close();
  });
});

describe('two that write to one SQLite file', () => {
  it('wait for one another without blocking the thread', async () => {
    const url = `sqlite:${join(folder, 'shared.db')}`;
    const [one, other] = [database({ url }), database({ url })];
    await one.query('CREATE TABLE t (n INT)');
    let turns = 0;
    await one.transaction(async (tx) => {
      await tx.query('INSERT INTO t VALUES (1)');
      const waiting = other.query('INSERT INTO t VALUES (2)');
      for (; turns < 100; turns++) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(await Promise.race([waiting, Promise.resolve('waits')]), 'waits');
      void waiting.catch(() => {});
    });
    await other.query('INSERT INTO t VALUES (3)');
    assert.deepEqual(await one.column('SELECT n FROM t ORDER BY n'), [1, 2, 3]);
    await Promise.all([one.close(), other.close()]);
  });
});
