import { constants } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { isHidden } from './http-target.js';

/** A file that may be sent, open. Whoever gets it closes it. */
export interface FoundFile {
  readonly handle: FileHandle;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** When it was last written to, and when anything about it was last changed, in nanoseconds since 1970. */
  readonly modified: bigint;
  readonly changed: bigint;
  /** Whether the name was a folder's, whose index.html this is. */
  readonly isIndex: boolean;
}

/**
 * Where there is no file. A loop of links (ELOOP) leads to none, and a name that is too long (ENAMETOOLONG) is none's;
 * what could be a file's name may turn out to be a socket's (ENXIO).
 */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO']);

/**
 * Opens a file of a folder, which may change at any time, and may not exist. Links are followed as far as they stay in
 * the folder and lead to nothing hidden; anything but a regular file is not opened, which alone may block, or do something.
 *
 * @throws as the file system does where there is a file, or may be, and it cannot be opened
 */
export async function findFile(root: string, names: readonly string[]): Promise<FoundFile | undefined> {
  try {
    const top = await realpath(root);
    let path = await visiblePath(top, join(top, ...names));
    if (path === undefined) return undefined;
    const isIndex = (await stat(path)).isDirectory();
    if (isIndex) path = await visiblePath(top, join(path, 'index.html'));
    if (path === undefined || !(await stat(path)).isFile()) return undefined;
    // it may be another one by now, which must not block either
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return await opened(handle, isIndex ? 'index.html' : (names.at(-1) ?? ''), isIndex);
  } catch (error) {
    if (error instanceof Error && 'code' in error && ABSENT.has(String(error.code))) return undefined;
    throw error;
  }
}

async function opened(handle: FileHandle, name: string, isIndex: boolean): Promise<FoundFile | undefined> {
  let found: FoundFile | undefined;
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.isFile()) {
      const { mtimeNs: modified, ctimeNs: changed } = stats;
      found = { handle, name, size: Number(stats.size), modified, changed, isIndex };
    }
  } finally {
    if (found === undefined) await handle.close();
  }
  return found;
}

/** Where a path leads, if that is below `top` and not hidden. */
async function visiblePath(top: string, path: string): Promise<string | undefined> {
  const real = await realpath(path);
  return relative(top, real).split(sep).some(isHidden) ? undefined : real;
}
