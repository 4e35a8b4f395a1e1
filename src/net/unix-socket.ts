import { existsSync } from 'node:fs';
import { chmod, lstat, rename, rm } from 'node:fs/promises';
import { type Server, connect } from 'node:net';
import { dirname } from 'node:path';
import { GatewayError } from '../base/errors.js';
import { listening, listenError } from './bind.js';
import { holderOf } from './socket-holder.js';

/*
 * A unix socket lies in a folder, where a process that died leaves it behind, and where anybody may put another in its
 * place. libuv removes the name that it has bound, whatever lies there by then. So a server binds a name beside it, which
 * has the pid of the process that holds it, and that is renamed: in one moment the socket is there, with its mode, in
 * place of a stale one. Whether somebody listens to a socket is found by connecting.
 *
 *    bind /run/chat.sock.123 ── chmod ── rename to /run/chat.sock ── … ── close ── remove, if nobody listens
 */

/** The paths of a socket. */
export interface SocketPlace {
  readonly path: string;
  /** The process that accepts its connections: with node:cluster the first one. */
  readonly holder: number;
  /** As the configuration has it, and what that calls it. */
  readonly address: string;
  readonly key: string;
}

/**
 * Makes sure that nobody listens there.
 *
 * @throws GatewayError GW_LISTEN that says who does, or what else lies there
 */
export async function claimSocket(place: SocketPlace): Promise<void> {
  const { path, address, key } = place;
  const found = await look(path);
  if (found === 'free' || found === 'stale') {
    // a process of that pid that died just before it had a name to give away
    await rm(temporaryPath(place), { force: true });
    return;
  }
  throw refused(address, key, await why(path, found));
}

/**
 * Opens it, in place of a stale one. In a process that shares another's, that has claimed it before.
 *
 * @param mode as of a file; without it by the umask
 * @throws GatewayError GW_LISTEN
 */
export async function bindSocket(
  server: Server,
  place: SocketPlace,
  backlog: number,
  mode: number | undefined,
): Promise<void> {
  const temporary = temporaryPath(place);
  try {
    await listening(server, { path: temporary, backlog });
    try {
      if (mode !== undefined) await chmod(temporary, mode);
      await rename(temporary, place.path);
    } catch (error) {
      // another process that shares it has been there
      const shared = place.holder !== process.pid;
      if (!shared || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  } catch (cause) {
    server.close();
    const { address, key, path } = place;
    const folder = dirname(path);
    // libuv gives one code for both
    if (!existsSync(folder))
      throw refused(address, key, `the folder ${folder} does not exist. Create it before`, cause);
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EROFS') {
      const problem = `the folder ${folder} cannot be written (${code}). Give this user the right to, or configure another path`;
      throw refused(address, key, problem, cause);
    }
    throw listenError(address, key, cause);
  }
}

/** Removes what a server that is closed has left, unless it is somebody else's by now. */
export async function removeSocket(path: string): Promise<void> {
  if ((await look(path)) === 'stale') await rm(path, { force: true });
}

function temporaryPath({ path, holder }: SocketPlace): string {
  return `${path}.${holder}`;
}

type Found = 'free' | 'stale' | 'live' | 'no socket' | 'out of reach';

async function look(path: string): Promise<Found> {
  const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => error);
  if (stats instanceof Error) return stats.code === 'ENOENT' ? 'free' : 'out of reach';
  if (!stats.isSocket()) return 'no socket';
  return await new Promise((resolve) => {
    const socket = connect({ path }, () => {
      socket.destroy();
      resolve('live');
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED') resolve('stale');
      else if (code === 'ENOENT') resolve('free');
      // EAGAIN: so many wait to be accepted that no more may
      else resolve(code === 'EAGAIN' ? 'live' : 'out of reach');
    });
  });
}

async function why(path: string, found: Found): Promise<string> {
  if (found === 'no socket')
    return 'what lies there is no socket, and is left alone. Remove it, or configure another path';
  const holder = await holderOf(path);
  if (found === 'live') {
    const who = holder ?? 'another program ("ss -lxp" names it)';
    return `${who} listens there. Stop it, or configure another path`;
  }
  return 'what lies there belongs to somebody else, and this user may not connect to it. Remove it, or configure another path';
}

function refused(address: string, key: string, problem: string, cause?: unknown): GatewayError {
  return new GatewayError('GW_LISTEN', `Cannot listen on ${address} (${key}): ${problem}.`, { cause });
}
