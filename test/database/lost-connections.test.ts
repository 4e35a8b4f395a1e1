import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { type Database, DatabaseError, database } from '#src/database/index.js';
import { CuttingProxy } from '../support/cutting-proxy.js';
import { eventually } from '../support/eventually.js';
import { MariaDb } from '../support/mariadb.js';

describe('a connection that is lost', () => {
  let server: MariaDb;
  let proxy: CuttingProxy;
  let db: Database;

  before(async () => {
    server = await MariaDb.start();
    await server.database('lost');
    proxy = await CuttingProxy.start(server.port);
  });
  after(async () => {
    proxy.close();
    await server.remove();
  });
  afterEach(async () => await db.close());
  beforeEach(async () => {
    db = database({ url: server.url('lost') });
    await db.query('DROP TABLE IF EXISTS t');
    await db.query('CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(20))');
  });

  /** The same database, by a connection that the test can cut. */
  function cuttable(): Database {
    return database({ url: `mysql://root@127.0.0.1:${proxy.port}/lost`, poolSize: 1 });
  }

  it('while nobody uses it, goes unnoticed', async () => {
    await Promise.all([db.query('SELECT SLEEP(0.01)'), db.query('SELECT SLEEP(0.01)')]);
    assert.equal(db.counts.open, 2);
    await server.killAll('lost');
    await eventually(async () => {
      assert.equal(db.counts.open, 0);
      await Promise.resolve();
    });
    assert.equal(await db.single('SELECT 1'), 1);
    assert.deepEqual(db.counts, { open: 1, busy: 0, waiting: 0, slow: 0, errors: 0 });
  });

  it('inside a transaction, says that nothing is committed, and takes nothing more', async () => {
    await assert.rejects(
      db.transaction(async (tx) => {
        await tx.query("INSERT INTO t (name) VALUES ('a')");
        await server.killAll('lost');
        await tx.query("INSERT INTO t (name) VALUES ('b')").catch((error: DatabaseError) => {
          assert.equal(error.code, 'GW_DATABASE');
          assert.match(error.message, /inside a transaction: nothing of it is committed/);
        });
        await assert.rejects(tx.query("INSERT INTO t (name) VALUES ('c')"), { code: 'GW_SQL' });
      }),
      { code: 'GW_SQL', message: /cannot be committed: its connection was lost/ },
    );
    assert.equal(await db.single('SELECT COUNT(*) FROM t'), 0);
    assert.equal(db.counts.busy, 0);
  });

  it('before COMMIT is sent, says that nothing is committed', async () => {
    const own = cuttable();
    await assert.rejects(
      own.transaction(async (tx) => {
        await tx.query("INSERT INTO t (name) VALUES ('a')");
        await proxy.cut();
        // both ends are in this process: the news is here before an answer from further away
        for (let round = 0; round < 3; round++) await db.query('SELECT 1');
      }),
      { code: 'GW_DATABASE', message: /before COMMIT: nothing of the transaction is committed/ },
    );
    assert.equal(await db.single('SELECT COUNT(*) FROM t'), 0);
    await own.close();
  });

  for (const reached of [false, true]) {
    it(`while COMMIT is on its way, says that it is unknown: it did ${reached ? '' : 'not '}arrive`, async () => {
      const own = cuttable();
      await assert.rejects(
        own.transaction(async (tx) => {
          await tx.query("INSERT INTO t (name) VALUES ('a')");
          proxy.word = { text: 'COMMIT', reached };
        }),
        (error: unknown) => {
          assert.ok(error instanceof DatabaseError);
          assert.equal(error.code, 'GW_COMMIT_UNKNOWN');
          assert.match(error.message, /all of it may be committed, or nothing/);
          return true;
        },
      );
      await eventually(async () => assert.equal(await db.single('SELECT COUNT(*) FROM t'), reached ? 1 : 0));
      assert.equal(await own.single('SELECT 1'), 1);
      await own.close();
    });

    it(`while a statement is on its way, never sends it again: it did ${reached ? '' : 'not '}arrive`, async () => {
      const own = cuttable();
      await own.query('SELECT 1');
      proxy.seen = 0;
      proxy.word = { text: 'INSERT', reached };
      await assert.rejects(own.query("INSERT INTO t (name) VALUES ('private')"), (error: DatabaseError) => {
        assert.equal(error.code, 'GW_COMMIT_UNKNOWN');
        assert.match(
          error.message,
          /it may have been carried out, or not\. SQL: INSERT INTO t \(name\) VALUES \(\?\)/,
        );
        return true;
      });
      assert.equal(proxy.seen, 1);
      await eventually(async () => assert.equal(await db.single('SELECT COUNT(*) FROM t'), reached ? 1 : 0));
      await own.close();
    });
  }

  it('comes back with the server, which was restarted in the middle of a transaction', async () => {
    await assert.rejects(
      db.transaction(async (tx) => {
        await tx.query("INSERT INTO t (name) VALUES ('a')");
        await server.down('SIGKILL');
        await tx.query("INSERT INTO t (name) VALUES ('b')");
      }),
      { code: 'GW_DATABASE', message: /nothing of it is committed/ },
    );
    await assert.rejects(db.query('SELECT 1'), { code: 'GW_DATABASE', driverCode: 'ECONNREFUSED' });
    await server.up();
    assert.equal(await db.single('SELECT COUNT(*) FROM t'), 0);
    assert.equal(db.counts.busy, 0);
  });

  it('or never was, says where and why, and no password', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as { port: number };
    closed.close();
    const nowhere = database({ url: `mysql://ann:t0psecret@127.0.0.1:${port}/lost` });
    const denied = database({ url: `mysql://ann:t0psecret@127.0.0.1:${server.port}/lost` });
    const missing = database({ url: server.url('nothere') });
    const cases = [
      [nowhere, 'ECONNREFUSED', `mysql://127.0.0.1:${port}/lost cannot be reached: ECONNREFUSED`],
      [denied, 'ER_ACCESS_DENIED_ERROR', 'Access denied'],
      [missing, 'ER_BAD_DB_ERROR', "Unknown database 'nothere'"],
    ] as const;
    for (const [own, driverCode, text] of cases) {
      await assert.rejects(own.query('SELECT 1'), (error: DatabaseError) => {
        assert.equal(error.code, 'GW_DATABASE');
        assert.equal(error.driverCode, driverCode);
        assert.ok(error.message.includes(text), error.message);
        assert.doesNotMatch(JSON.stringify(error) + error.stack + String(error.cause), /t0psecret/);
        return true;
      });
      assert.equal(own.counts.open, 0);
      await own.close();
    }
  });
});
