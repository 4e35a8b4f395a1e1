import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Where a node keeps its files, beside its configuration and beside `events/`, unless `stateDir` says otherwise. */
export const STATE_FOLDER = '.gatewayworker';

/** Makes a folder for a node's files, which git ignores. One of the user's own that is there already is left as it is. */
export async function prepareStateFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true });
  if (made !== undefined || basename(folder) === STATE_FOLDER)
    await createFile(join(folder, '.gitignore'), '*\n');
}

/**
 * Creates a file with this text: whole, or not at all. Nothing is written through a link, nor over what is there.
 *
 * @returns false when something is there
 * @throws the system's error
 */
export async function createFile(path: string, text: string | Uint8Array): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // a disk that became full has taken a part of it
    await rm(path, { force: true }).catch(() => {});
    throw error;
  }
}

/** Whether a file could not be written because its folder takes none. */
export function isUnwritable(error: unknown): boolean {
  const { code } = Object(error) as NodeJS.ErrnoException;
  return code === 'EROFS' || code === 'EACCES' || code === 'EPERM';
}
