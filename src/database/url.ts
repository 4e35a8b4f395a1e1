import { resolve } from 'node:path';
import { GatewayError } from '../base/errors.js';

/** Where a MySQL or MariaDB is, as its driver wants it. */
export interface MysqlAddress {
  readonly dialect: 'mysql';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string | undefined;
  /** A Unix socket in place of host and port. */
  readonly socketPath: string | undefined;
  /** `verify` checks the server's certificate. */
  readonly tls: 'off' | 'verify' | 'insecure';
  /** Milliseconds. */
  readonly connectTimeout: number;
}

/** A file, or `:memory:`: a database of its own for each connection. */
export interface SqliteAddress {
  readonly dialect: 'sqlite';
  readonly file: string;
}

export type DatabaseAddress = MysqlAddress | SqliteAddress;

const MYSQL_PORT = 3306;
const CONNECT_TIMEOUT = 10_000;
const EXPECTED = 'Expected mysql://user:password@host:port/database, sqlite:file or sqlite::memory:';
const TLS = { off: 'off', on: 'verify', insecure: 'insecure' } as const;

/**
 * Reads a database's URL. No message has the URL in it, which may hold a password.
 *
 * @throws GW_DATABASE
 */
export function parseDatabaseUrl(url: unknown): DatabaseAddress {
  if (typeof url !== 'string' || url === '') throw wrongUrl('it is no string, or an empty one');
  if (url.startsWith('sqlite:')) return sqliteAddress(url.slice('sqlite:'.length));
  if (/^(?:mysql|mariadb):\/\//.test(url)) return mysqlAddress(url);
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(url)?.[0];
  throw wrongUrl(scheme === undefined ? 'it has no scheme' : `its scheme is ${scheme}`);
}

/** The address for people: without user and password. */
export function addressText(address: DatabaseAddress): string {
  if (address.dialect === 'sqlite') return `sqlite:${address.file}`;
  const { host, port, database, socketPath } = address;
  return `mysql://${socketPath ?? (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)}/${database ?? ''}`;
}

function sqliteAddress(rest: string): SqliteAddress {
  const file = rest.replace(/^\/\/(?=\/|[^/])/, '');
  if (file === '') throw wrongUrl('it names no file');
  return { dialect: 'sqlite', file: file === ':memory:' ? file : resolve(file) };
}

function mysqlAddress(text: string): MysqlAddress {
  let url: URL;
  try {
    url = new URL(text);
    if (url.hostname === '') throw wrongUrl('it names no host');
    const database = decodeURIComponent(url.pathname.slice(1));
    return {
      dialect: 'mysql',
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? MYSQL_PORT : Number(url.port),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: database === '' ? undefined : database,
      ...mysqlOptions(url.searchParams),
    };
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw wrongUrl(
      'it cannot be read: a %, @, / or : in the user or password has to be written as %25, %40, %2F or %3A',
    );
  }
}

function mysqlOptions(options: URLSearchParams): Pick<MysqlAddress, 'socketPath' | 'tls' | 'connectTimeout'> {
  for (const name of options.keys()) {
    if (!['socket', 'tls', 'connectTimeout'].includes(name)) {
      throw wrongUrl(`it has the option ${name}; the options are socket, tls and connectTimeout`);
    }
  }
  const tls = options.get('tls') ?? 'off';
  if (!Object.hasOwn(TLS, tls)) throw wrongUrl('its option tls is none of off, on and insecure');
  const connectTimeout = Number(options.get('connectTimeout') ?? CONNECT_TIMEOUT);
  if (!(connectTimeout > 0)) throw wrongUrl('its option connectTimeout is no number of milliseconds');
  return {
    socketPath: options.get('socket') ?? undefined,
    tls: TLS[tls as keyof typeof TLS],
    connectTimeout,
  };
}

function wrongUrl(found: string): GatewayError {
  return new GatewayError('GW_DATABASE', `The url of a database is wrong: ${found}. ${EXPECTED}.`);
}
