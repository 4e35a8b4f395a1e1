import { createHash, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { STATE_FOLDER } from '../../base/state-folder.js';

const DEFAULT_CONFIG = 'gatewayworker.config';
const DEFAULT_NAME = 'gatewayworker';

/** Bytes of a unix socket's path: 107 on Linux, 103 on macOS and the BSDs. */
const LONGEST_SOCKET_PATH = 103;

/**
 * Where the files of one node lie: in `.gatewayworker/` beside its configuration or in `stateDir`, named after that, so that two
 * configurations in one folder are two nodes. Every command that is given the same configuration finds the same files.
 */
export interface NodeFiles {
  readonly folder: string;
  /** The pid file of the process that the node runs in. */
  readonly pidFile: string;
  /** The pid file of the supervisor, for a node in the background. */
  readonly supervisorPidFile: string;
  /** Where a node in the background logs to, unless told otherwise. */
  readonly log: string;
}

/**
 * @param config the configuration file, absolute; without one the node belongs to the folder `cwd`
 * @param stateDir absolute, or empty
 */
export function nodeFiles(config: string | undefined, cwd: string, stateDir: string): NodeFiles {
  const directory = config === undefined ? cwd : dirname(config);
  const folder = stateDir === '' ? join(directory, STATE_FOLDER) : stateDir;
  const name = config === undefined ? DEFAULT_NAME : nameOf(config);
  return {
    folder,
    pidFile: join(folder, `${name}.pid`),
    supervisorPidFile: join(folder, `${name}.supervisor.pid`),
    log: join(stateDir === '' ? directory : stateDir, `${name}.log`),
  };
}

/** A node keeps its name when its first configuration file is added, or when the file changes its format. */
function nameOf(config: string): string {
  const base = basename(config, extname(config));
  return base === DEFAULT_CONFIG ? DEFAULT_NAME : base;
}

/** What nothing else has ever been called: a later process may have the same pid, in a container even at once. */
export function newInstance(): string {
  return randomBytes(4).toString('hex');
}

/**
 * The control socket of one process: beside its pid file, or in the folder for temporary files where that path would be
 * too long; on Windows a named pipe.
 *
 * @param instance makes it this process's own, so that nobody removes the socket of another
 */
export function socketOf(
  pidFile: string,
  instance: string,
  platform: NodeJS.Platform = process.platform,
): string {
  const hash = createHash('sha256').update(pidFile).digest('hex').slice(0, 16);
  if (platform === 'win32') return `\\\\.\\pipe\\gatewayworker-${hash}-${instance}`;
  const beside = pidFile.replace(/pid$/, `${instance}.sock`);
  return Buffer.byteLength(beside) <= LONGEST_SOCKET_PATH
    ? beside
    : join(tmpdir(), `gatewayworker-${hash}-${instance}.sock`);
}
