import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type Connection, type RowDataPacket, createConnection } from 'mysql2/promise';
import { freePort } from './free-port.js';

/** A folder that not everybody's PATH has. */
const PATH = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;
/** Only an account of the machine's own may run it otherwise. */
const USER = userInfo().uid === 0 ? ['--user=root'] : [];
/** A small redo log makes the server stop for checkpoints: a log of 4 MB takes 2,000 rows a second in place of 6,000. */
const SMALL = ['--innodb-log-file-size=64M', '--innodb-buffer-pool-size=32M'];

/** A MariaDB on a port and in a folder of its own, as `npm run setup` installs it. */
export class MariaDb {
  readonly port: number;
  readonly #folder: string;
  readonly #options: readonly string[];
  #server: ChildProcess | undefined;
  #admin: Connection | undefined;

  private constructor(folder: string, port: number, options: readonly string[]) {
    this.#folder = folder;
    this.port = port;
    this.#options = options;
  }

  /** @param options of mariadbd, such as `--max-connections=20` */
  static async start(...options: readonly string[]): Promise<MariaDb> {
    const folder = await mkdtemp(join(tmpdir(), 'gatewayworker-mariadb-'));
    await mkdir(join(folder, 'data'));
    await mkdir(join(folder, 'tmp'));
    try {
      await promisify(execFile)(
        'mariadb-install-db',
        [
          '--no-defaults',
          ...USER,
          `--datadir=${join(folder, 'data')}`,
          `--tmpdir=${join(folder, 'tmp')}`,
          '--auth-root-authentication-method=normal',
          '--skip-test-db',
          ...SMALL,
        ],
        { cwd: folder, env: { ...process.env, PATH } },
      );
    } catch (cause) {
      const { code, stderr } = cause as NodeJS.ErrnoException & { stderr?: string };
      throw new Error(
        code === 'ENOENT'
          ? 'MariaDB is not there: run npm run setup'
          : `MariaDB makes no database: ${stderr}`,
        { cause },
      );
    }
    const server = new MariaDb(folder, await freePort(), options);
    await server.up();
    return server;
  }

  /** The url of a database that is made when it is not there. */
  async database(name: string): Promise<string> {
    await this.sql(`CREATE DATABASE IF NOT EXISTS ${name}`);
    return this.url(name);
  }

  url(name: string): string {
    return `mysql://root@127.0.0.1:${this.port}/${name}`;
  }

  /** Starts it, again where it has been before. */
  async up(): Promise<void> {
    const server = spawn(
      'mariadbd',
      [
        '--no-defaults',
        ...USER,
        ...SMALL,
        `--datadir=${join(this.#folder, 'data')}`,
        // one that starts clears what another may be using in a folder that both have
        `--tmpdir=${join(this.#folder, 'tmp')}`,
        `--socket=${join(this.#folder, 'socket')}`,
        `--port=${this.port}`,
        '--bind-address=127.0.0.1',
        '--character-set-server=utf8mb4',
        ...this.#options,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, PATH } },
    );
    this.#server = server;
    const end = (): void => void server.kill('SIGKILL');
    process.once('exit', end);
    server.once('exit', () => process.off('exit', end));
    let said = '';
    for await (const line of createInterface({ input: server.stderr })) {
      said += `${line}\n`;
      if (!line.includes('ready for connections')) continue;
      // it goes on to write there
      server.stderr.resume();
      return;
    }
    throw new Error(`MariaDB does not start:\n${said}`);
  }

  /** Ends it: in good order, or as a crash does. */
  async down(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.#admin?.destroy();
    this.#admin = undefined;
    const server = this.#server;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill(signal);
    await ended;
  }

  async remove(): Promise<void> {
    await this.down('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Runs a statement on a connection of the test's own. */
  async sql(statement: string): Promise<Record<string, unknown>[]> {
    this.#admin ??= await createConnection({ host: '127.0.0.1', port: this.port, user: 'root' });
    this.#admin.on('error', () => {});
    const [rows] = await this.#admin.query<RowDataPacket[]>(statement);
    return rows;
  }

  /** Connections to a database, by their numbers. */
  async connections(name: string): Promise<number[]> {
    const rows = await this.sql(`SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '${name}'`);
    return rows.map(({ ID }) => Number(ID));
  }

  /** Ends all connections to a database. */
  async killAll(name: string): Promise<void> {
    for (const id of await this.connections(name)) await this.sql(`KILL ${id}`);
  }
}
