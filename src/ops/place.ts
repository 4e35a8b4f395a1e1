import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';

/** Ignored by git; compiled events and configurations lie there as well. */
const FOLDER = '.gatewayworker';
const DEFAULT_CONFIG = 'gatewayworker.config';
const DEFAULT_NAME = 'gatewayworker';

/** Bytes of a unix socket's path: 107 on Linux, 103 on macOS and the BSDs. */
const LONGEST_SOCKET_PATH = 103;

/**
 * Where the files of one node lie: in `.gatewayworker/` beside its configuration, named after that, so that two
 * configurations in one folder are two nodes. Every command that is given the same configuration finds the same place.
 */
export interface NodePlace {
  readonly folder: string;
  /** The pid file of the process that the node runs in. */
  readonly pidFile: string;
  /** The pid file of the supervisor, for a node in the background. */
  readonly supervisorPidFile: string;
  /** Where a node in the background logs to, unless told otherwise. */
  readonly log: string;
}

/** @param config the configuration file, absolute; without one the node belongs to the folder `cwd` */
export function placeOf(config: string | undefined, cwd: string): NodePlace {
  const directory = config === undefined ? cwd : dirname(config);
  const folder = join(directory, FOLDER);
  const name = config === undefined ? DEFAULT_NAME : nameOf(config);
  return {
    folder,
    pidFile: join(folder, `${name}.pid`),
    supervisorPidFile: join(folder, `${name}.supervisor.pid`),
    log: join(directory, `${name}.log`),
  };
}

/** A node keeps its name when its first configuration file is added, or when the file changes its format. */
function nameOf(config: string): string {
  const base = basename(config, extname(config));
  return base === DEFAULT_CONFIG ? DEFAULT_NAME : base;
}

/**
 * The control socket of one process: beside its pid file, or in the folder for temporary files where that path would be
 * too long; on Windows a named pipe. The pid makes it this process's own, so that nobody replaces the socket of another.
 */
export function socketOf(pidFile: string, pid: number, platform: NodeJS.Platform = process.platform): string {
  const hash = createHash('sha256').update(pidFile).digest('hex').slice(0, 16);
  if (platform === 'win32') return `\\\\.\\pipe\\gatewayworker-${hash}-${pid}`;
  const beside = pidFile.replace(/pid$/, `${pid}.sock`);
  return Buffer.byteLength(beside) <= LONGEST_SOCKET_PATH
    ? beside
    : join(tmpdir(), `gatewayworker-${hash}-${pid}.sock`);
}
