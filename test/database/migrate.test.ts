import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, after, before, describe, it } from 'node:test';
import { database } from '#src/database/index.js';
import { App } from '../cli/app.js';
import { MariaDb } from '../support/mariadb.js';

const FIRST = `
export async function up(db: any): Promise<void> {
  await db.schema.createTable('rooms').addColumn('id', 'integer', (c: any) => c.primaryKey()).execute();
}
export async function down(db: any): Promise<void> { await db.schema.dropTable('rooms').execute(); }
`;
const SECOND = `
export const up = async (db) => await db.schema.alterTable('rooms').addColumn('name', 'varchar(20)').execute();
export const down = async (db) => await db.schema.alterTable('rooms').dropColumn('name').execute();
`;

async function app(
  t: TestContext,
  url: (folder: string) => Promise<string> | string,
): Promise<[App, string]> {
  const made = await App.create();
  t.after(() => made.close());
  await made.write('migrations/001-rooms.ts', FIRST);
  await made.write('migrations/002-names.js', SECOND);
  const found = await url(made.folder);
  made.env = { DATABASE_URL: found };
  return [made, found];
}

describe('gatewayworker migrate', () => {
  let server: MariaDb;
  before(async () => (server = await MariaDb.start()));
  after(async () => await server.remove());

  for (const [kind, url] of [
    ['MariaDB', async () => await server.database('migrated')],
    ['SQLite', (folder: string) => `sqlite:${join(folder, 'migrated.db')}`],
  ] as const) {
    it(`runs what has not run, and takes back the last one: ${kind}`, async (t) => {
      const [made, found] = await app(t, url);
      assert.deepEqual(await made.run('migrate', '--list'), {
        status: 0,
        out: `${'not run'.padEnd(24)}  001-rooms\n${'not run'.padEnd(24)}  002-names\n`,
        error: '',
      });
      assert.deepEqual(await made.run('migrate'), {
        status: 0,
        out: 'done  001-rooms\ndone  002-names\n',
        error: '',
      });
      assert.deepEqual(await made.run('migrate'), { status: 0, out: 'nothing to do\n', error: '' });
      const db = database({ url: found });
      assert.equal(
        await db.query('INSERT INTO rooms (id, name) VALUES (?, ?)', [1, 'one']),
        db.dialect === 'mysql' ? 0 : 1,
      );
      assert.deepEqual(await made.run('migrate', '--down'), {
        status: 0,
        out: 'taken back  002-names\n',
        error: '',
      });
      assert.deepEqual(await db.query('SELECT * FROM rooms'), [{ id: 1 }]);
      await db.close();
      assert.match(
        (await made.run('migrate', '--list')).out,
        /^\d{4}-[^ ]* {2}001-rooms\nnot run +002-names\n$/,
      );
    });
  }

  it('says what is wrong, and no password', async (t) => {
    const [made] = await app(t, () => 'sqlite::memory:');
    const failing = async (pattern: RegExp, ...words: readonly string[]): Promise<void> => {
      const { status, error } = await made.run('migrate', ...words);
      assert.equal(status, 1, error);
      assert.match(error, pattern);
      assert.doesNotMatch(error, /t0psecret/);
    };
    await failing(/no such file or directory.*nowhere/, 'nowhere');
    await failing(
      /cannot be reached: ER_ACCESS_DENIED_ERROR/,
      '--url',
      `mysql://ann:t0psecret@127.0.0.1:${server.port}/x`,
    );
    await made.write('migrations/003-broken.ts', 'export const up = (');
    await failing(/003-broken\.ts cannot be loaded: line 1: /);
    await made.write('migrations/003-broken.ts', 'export const down = 1;');
    await failing(/003-broken\.ts is no migration/);
    await made.write(
      'migrations/003-broken.ts',
      "export const up = async (db) => await db.schema.dropTable('x').execute();",
    );
    await failing(/The migration 003-broken failed: .*no such table: x/);
    made.env = { DATABASE_URL: '' };
    await failing(/set DATABASE_URL/);
  });
});
