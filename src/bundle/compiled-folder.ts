import { randomUUID } from 'node:crypto';
import { mkdtemp, readlink, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, parse } from 'node:path';
import { pathToFileURL } from 'node:url';
import { STATE_FOLDER, createFile, isUnwritable, prepareStateFolder } from '../base/state-folder.js';

/**
 * Where what is compiled from a folder's files lies. Node finds packages by where a file lies: within `stateDir` the
 * path of the folder is therefore repeated, and {@link prepareCompiledFolder} puts links to its packages beside it.
 *
 * @param stateDir empty: beside the files
 */
export function compiledFolder(source: string, stateDir: string): string {
  return stateDir === '' ? join(source, STATE_FOLDER) : mirror(source, stateDir);
}

/** @throws the system's error */
export async function prepareCompiledFolder(source: string, stateDir: string): Promise<void> {
  if (stateDir !== '') await prepareStateFolder(stateDir);
  await prepareStateFolder(compiledFolder(source, stateDir));
  if (stateDir === '') return;
  for (let folder = source; ; folder = dirname(folder)) {
    await link(join(folder, 'node_modules'), join(mirror(folder, stateDir), 'node_modules'));
    if (folder === dirname(folder)) return;
  }
}

/** A compiled file that is imported once. */
export interface CompiledFile {
  /** To import. */
  readonly url: string;
  remove(): Promise<void>;
}

/**
 * Writes what is compiled from a file, under a name of its own: node caches modules by name. Where the folder for it
 * takes no files, it goes into a folder for temporary ones.
 *
 * @param compile gives the code for a file that lies at `output`
 * @throws the system's error, or that of `compile`
 */
export async function writeCompiled(
  file: string,
  stateDir: string,
  compile: (output: string) => Promise<string>,
): Promise<CompiledFile> {
  try {
    return await writeInto(stateDir, file, compile);
  } catch (error) {
    if (!isUnwritable(error)) throw error;
  }
  const temporary = await mkdtemp(join(tmpdir(), 'gatewayworker-'));
  const remove = async (): Promise<void> => await rm(temporary, { recursive: true, force: true });
  try {
    const { url } = await writeInto(temporary, file, compile);
    return { url, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function writeInto(
  stateDir: string,
  file: string,
  compile: (output: string) => Promise<string>,
): Promise<CompiledFile> {
  const source = dirname(file);
  const output = join(compiledFolder(source, stateDir), `${basename(file)}-${randomUUID()}.mjs`);
  const code = await compile(output);
  await prepareCompiledFolder(source, stateDir);
  await createFile(output, code);
  return {
    url: pathToFileURL(output).href,
    remove: async () => await rm(output, { force: true }),
  };
}

/** `/srv/chat` within `/run/chat` is `/run/chat/compiled/srv/chat`. */
function mirror(folder: string, stateDir: string): string {
  const { root } = parse(folder);
  return join(stateDir, 'compiled', root.replaceAll(/[:\\/]/g, ''), folder.slice(root.length));
}

/** Makes `path` a link to a folder of packages, if there is one. */
async function link(packages: string, path: string): Promise<void> {
  const found = await stat(packages).catch(() => undefined);
  if (!found?.isDirectory()) return;
  for (;;) {
    try {
      // Windows allows everybody junctions, and links to few; elsewhere it means nothing
      await symlink(packages, path, 'junction');
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if ((await readlink(path).catch(() => undefined)) === packages) return;
    await rm(path, { force: true });
  }
}
