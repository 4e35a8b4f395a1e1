import { copyFile, mkdir, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../base/error-text.js';
import { GatewayError } from '../base/errors.js';
import type { PackageSource } from './package-source.js';
import type { ProjectFiles } from './project-files.js';

/** What may lie in a folder that is to become a project: a repository that was made first. */
const HARMLESS = new Set(['.git', '.DS_Store']);

/** @throws GW_PROJECT when there is something in the folder, or it cannot be read */
export async function refuseTaken(folder: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      await refuseLink(folder);
      return;
    }
    if (code === 'ENOTDIR')
      throw new GatewayError('GW_PROJECT', `${folder} is a file, or below one. Name a new folder.`);
    throw cannot(folder, error);
  }
  const [found] = names.filter((name) => !HARMLESS.has(name));
  if (found === undefined) return;
  throw new GatewayError(
    'GW_PROJECT',
    `${folder} is not empty: there is ${found}${names.length > 1 ? ' and more' : ''}. Name a new folder.`,
  );
}

/** Whatever is called so, nothing is there. */
async function refuseLink(folder: string): Promise<void> {
  const target = await readlink(folder).catch(() => undefined);
  if (target === undefined) return;
  throw new GatewayError(
    'GW_PROJECT',
    `${folder} is a link to ${target}, which is not there. Name a new folder.`,
  );
}

/**
 * Writes a project, or nothing.
 *
 * @throws GW_PROJECT
 */
export async function writeProject(
  folder: string,
  files: ProjectFiles,
  { tarball }: PackageSource,
): Promise<void> {
  let made: string | undefined;
  const written: string[] = [];
  try {
    made = await mkdir(folder, { recursive: true });
    for (const [path, text] of files) {
      const file = join(folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text, { flag: 'wx' });
      written.push(path);
    }
    if (tarball !== undefined) await copyFile(tarball, join(folder, basename(tarball)));
  } catch (error) {
    // what was there before stays
    const tops =
      made === undefined ? new Set(written.map((path) => join(folder, path.split('/')[0]))) : [made];
    for (const top of tops) await rm(top, { recursive: true, force: true });
    throw cannot(folder, error);
  }
}

function cannot(folder: string, error: unknown): GatewayError {
  return new GatewayError('GW_PROJECT', `A project cannot be made in ${folder}: ${messageOf(error)}`, {
    cause: error,
  });
}
