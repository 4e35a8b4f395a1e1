import { readdir } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import type { BuildFailure } from 'esbuild';
import { messageOf } from '../base/error-text.js';
import { GatewayError } from '../base/errors.js';
import { writeCompiled } from '../bundle/compiled-folder.js';
import { bundle } from '../bundle/bundle.js';
import { type Migrations, migrationStates, runMigrations } from '../database/migrate.js';
import type { MigrateOptions } from './options.js';
import { say } from './this-program.js';

const SOURCE = /(?<!\.d)\.[cm]?[jt]s$/;

/** Brings a database's tables up to date, in a process of its own: no node need run, and none is touched. */
export async function migrate(
  folder: string,
  { url = process.env.DATABASE_URL, down, list }: MigrateOptions,
): Promise<void> {
  if (url === undefined || url === '') {
    throw new GatewayError(
      'GW_DATABASE',
      'There is no url of a database: set DATABASE_URL, or name it with --url.',
    );
  }
  const migrations = await loadMigrations(resolve(folder));
  if (list === true) {
    const states = await migrationStates(url, migrations);
    say(...states.map(({ name, ranAt }) => `${ranAt?.toISOString() ?? 'not run'.padEnd(24)}  ${name}`));
    return;
  }
  const ran = await runMigrations(url, migrations, down === true ? 'down' : 'up');
  if (ran.length === 0) say('nothing to do');
  else say(...ran.map((name) => `${down === true ? 'taken back' : 'done'}  ${name}`));
}

async function loadMigrations(folder: string): Promise<Migrations> {
  let files: string[];
  try {
    files = (await readdir(folder)).filter((file) => SOURCE.test(file)).toSorted();
  } catch (error) {
    throw new GatewayError('GW_SQL', `The migrations cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (files.length === 0)
    throw new GatewayError('GW_SQL', `${folder} has no migrations: files of .ts or .js.`);
  const migrations: Record<string, Migrations[string]> = {};
  for (const file of files)
    migrations[basename(file, extname(file))] = await loadMigration(join(folder, file));
  return migrations;
}

async function loadMigration(path: string): Promise<Migrations[string]> {
  let migration: Partial<Migrations[string]>;
  try {
    const compiled = await writeCompiled(path, '', async (output) => {
      const [code] = await bundle(path, output, { sourcemap: 'inline' });
      return code.text;
    });
    try {
      migration = (await import(compiled.url)) as typeof migration;
    } finally {
      await compiled.remove();
    }
  } catch (error) {
    const [first] = (error as Partial<BuildFailure> | undefined)?.errors ?? [];
    const reason = first === undefined ? messageOf(error) : `line ${first.location?.line}: ${first.text}`;
    throw new GatewayError('GW_SQL', `${path} cannot be loaded: ${reason}`, { cause: error });
  }
  if (typeof migration.up === 'function') return migration as Migrations[string];
  throw new GatewayError('GW_SQL', `${path} is no migration: expected export async function up(db) { … }.`);
}
