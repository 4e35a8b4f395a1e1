import type { Kysely, Migration, MigrationResultSet } from 'kysely';
import { GatewayError } from '../base/errors.js';
import { messageOf } from '../base/error-text.js';
import { database } from './database.js';
import { loadKysely } from './kysely.js';

/** Migrations by name, in whose order they run. */
export type Migrations = Readonly<Record<string, Migration>>;

/** A migration, and when it ran: undefined when it has not. */
export interface MigrationState {
  readonly name: string;
  readonly ranAt: Date | undefined;
}

/**
 * Runs the migrations that have not run yet, or takes back the last one that has.
 *
 * @returns the names of those that ran
 * @throws GW_SQL for one that failed, after which none ran; GW_DATABASE
 */
export async function runMigrations(
  url: string,
  migrations: Migrations,
  direction: 'up' | 'down',
): Promise<readonly string[]> {
  return await withMigrator(url, migrations, async (migrator) => {
    const { error, results = [] }: MigrationResultSet =
      direction === 'up' ? await migrator.migrateToLatest() : await migrator.migrateDown();
    if (error !== undefined) {
      const failed = results.find(({ status }) => status === 'Error');
      if (failed === undefined && error instanceof GatewayError) throw error;
      const what =
        failed === undefined
          ? 'The migrations cannot be run'
          : `The migration ${failed.migrationName} failed`;
      throw new GatewayError('GW_SQL', `${what}: ${messageOf(error)}`, { cause: error });
    }
    return results.map(({ migrationName }) => migrationName);
  });
}

/** @throws GW_DATABASE */
export async function migrationStates(
  url: string,
  migrations: Migrations,
): Promise<readonly MigrationState[]> {
  return await withMigrator(url, migrations, async (migrator) =>
    (await migrator.getMigrations()).map(({ name, executedAt }) => ({ name, ranAt: executedAt })),
  );
}

async function withMigrator<Value>(
  url: string,
  migrations: Migrations,
  work: (migrator: import('kysely').Migrator) => Promise<Value>,
): Promise<Value> {
  const db = database({ url, poolSize: 2, slow: false });
  try {
    const { Migrator } = loadKysely();
    const kysely: Kysely<unknown> = db.kysely();
    return await work(
      new Migrator({
        db: kysely,
        provider: { getMigrations: async () => await Promise.resolve(migrations) },
      }),
    );
  } finally {
    await db.close();
  }
}
