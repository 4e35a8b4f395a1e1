import { createPool } from 'mysql2/promise';
import { database as open } from '#src/database/index.js';
import type { Suite, Task } from './suite.js';

/** Connections, and statements that are on their way or wait for one. */
const CONNECTIONS = 4;
const AT_ONCE = 32;
const STATEMENTS = 400;
const ROWS = 200;
const TABLE = 'gatewayworker_bench';

let close: () => Promise<void>;

function task(name: string, run: (id: number) => Promise<unknown>): Task {
  return {
    name,
    operations: STATEMENTS,
    async run() {
      let count = 0;
      const client = async (): Promise<void> => {
        while (count < STATEMENTS) await run(1 + (count++ % ROWS));
      };
      await Promise.all(Array.from({ length: AT_ONCE }, client));
    },
  };
}

/** A row by its id, from the MySQL or MariaDB that DATABASE_URL names: what ours costs beside its driver alone. */
export const database: Suite = {
  name: 'database',
  title: `read one of ${ROWS} rows, ${AT_ONCE} statements at once over ${CONNECTIONS} connections`,
  namedOnly: true,
  async prepare() {
    const url = process.env.DATABASE_URL;
    if (url === undefined) {
      throw new Error('DATABASE_URL is not set; expected mysql://user:password@host:port/database');
    }
    const db = open({ url, poolSize: CONNECTIONS });
    await db.query(`CREATE OR REPLACE TABLE ${TABLE} (id INT PRIMARY KEY, name VARCHAR(20))`);
    for (let id = 1; id <= ROWS; id++)
      await db
        .insert(TABLE)
        .cols({ id, name: `name ${id}` })
        .query();
    const pool = createPool({ uri: url, connectionLimit: CONNECTIONS });
    close = async () => {
      await db.query(`DROP TABLE ${TABLE}`);
      await Promise.all([db.close(), pool.end()]);
    };
    const sql = `SELECT id, name FROM ${TABLE} WHERE id = ?`;
    return [
      task('query', async (id) => await db.query(sql, [id])),
      task('the chain', async (id) => await db.select('id, name').from(TABLE).where('id = ?', id).query()),
      task('mysql2 alone', async (id) => await pool.execute(sql, [id])),
    ];
  },
  close: async () => await close(),
};
