import { createHash, randomUUID } from 'node:crypto';
import { access, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildFailure, type Message, formatMessages } from 'esbuild';
import { bundle } from './bundle.js';
import { compiledFolder, prepareCompiledFolder } from './compiled-folder.js';
import { compiling } from './compiler.js';
import { GatewayError } from '../base/errors.js';
import { createFile } from '../base/state-folder.js';

const INDEX_FILES = ['index.ts', 'index.mts', 'index.cts', 'index.js', 'index.mjs', 'index.cjs'];
/** Bundles of earlier runs are kept for a day: another node may run on the same folder. */
const STALE_MILLISECONDS = 24 * 60 * 60 * 1000;

/** The user's code as threads get it. */
export interface CompiledEvents {
  /** To import. */
  readonly url: string;
  /**
   * Where a place in it comes from: `/app/events/index.ts:10:5`; undefined when it is none of this code's.
   *
   * @param line from 0, as the column
   */
  locate(url: string, line: number, column: number): string | undefined;
  /** Makes sure that what is to be imported is there: somebody may have tidied up since a thread last started. */
  write(): Promise<void>;
}

/** The user's events folder, compiled: what threads import. */
export class EventsBundle implements CompiledEvents {
  readonly url: string;
  readonly #files: readonly { readonly path: string; readonly text: string }[];

  /** Makes the folder for them. */
  readonly #prepare: () => Promise<void>;

  private constructor(
    files: readonly { readonly path: string; readonly text: string }[],
    prepare: () => Promise<void>,
  ) {
    this.#files = files;
    this.#prepare = prepare;
    this.url = pathToFileURL(files[0].path).href;
  }

  /**
   * Compiles an events folder.
   *
   * @param stateDir where the result lies, if not beside the folder
   * @throws GW_EVENTS_MISSING, GW_EVENTS_COMPILE, GW_COMPILER
   */
  static async build(folder: string, stateDir = ''): Promise<EventsBundle> {
    const entry = await findIndex(folder);
    const source = dirname(folder);
    const output = compiledFolder(source, stateDir);
    const [map, code] = await compile(folder, entry, join(output, 'events.mjs'));
    // one name for one content: node caches modules by name
    const name = `events-${createHash('sha256').update(code.contents).digest('hex').slice(0, 12)}.mjs`;
    await removeStale(output);
    return new EventsBundle(
      [
        { path: join(output, name), text: `${code.text}//# sourceMappingURL=${name}.map\n` },
        { path: join(output, `${name}.map`), text: map.text },
      ],
      async () => await prepareCompiledFolder(source, stateDir),
    );
  }

  locate(url: string, line: number, column: number): string | undefined {
    if (url !== this.url) return undefined;
    const [code, map] = this.#files;
    const entry = new SourceMap(JSON.parse(map.text) as SourceMapPayload).findEntry(line, column);
    if (!('originalSource' in entry)) return undefined;
    return `${join(dirname(code.path), entry.originalSource)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  }

  async write(): Promise<void> {
    try {
      await this.#prepare();
      for (const { path, text } of this.#files) await writeWhole(path, text);
    } catch (cause) {
      throw new GatewayError(
        'GW_EVENTS_COMPILE',
        `The compiled events are to be written into ${dirname(this.#files[0].path)}, which cannot be done: ${(cause as Error).message}. Make that folder writable, or name another with stateDir.`,
        { cause },
      );
    }
  }
}

/** Writes a file that others may be reading: they see it whole, or not at all. What is there already is left alone. */
async function writeWhole(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return;
  const draft = `${path}.${randomUUID()}`;
  await createFile(draft, text);
  await rename(draft, path);
}

async function findIndex(folder: string): Promise<string> {
  for (const file of INDEX_FILES) {
    const path = join(folder, file);
    if (await exists(path)) return path;
  }
  const what = (await exists(folder)) ? `has no ${INDEX_FILES.join(', ')}` : 'does not exist';
  throw new GatewayError(
    'GW_EVENTS_MISSING',
    `The events folder ${folder} ${what}. Put your application there (index.ts with defineEvents), or name its folder with worker.events in the configuration.`,
  );
}

async function compile(folder: string, entry: string, file: string) {
  try {
    return await bundle(entry, file, { sourcemap: 'external' });
  } catch (failure) {
    const { errors } = failure as BuildFailure;
    if (!Array.isArray(errors)) throw failure;
    throw new GatewayError(
      'GW_EVENTS_COMPILE',
      `${basename(folder)}/ does not compile:\n${await describe(errors, folder)}`,
      { cause: failure },
    );
  }
}

/** File, line, column, the line itself and a caret. */
async function describe(errors: Message[], folder: string): Promise<string> {
  const located = errors.map((error) => ({
    ...error,
    location: error.location && {
      ...error.location,
      file: relative(process.cwd(), join(folder, error.location.file)),
    },
  }));
  const texts = await compiling(async () => await formatMessages(located, { kind: 'error', color: false }));
  return texts.join('').trimEnd();
}

async function removeStale(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith('events-')) continue;
    const path = join(folder, name);
    // another process may have removed it just now
    const file = await stat(path).catch(() => undefined);
    if (file && Date.now() - file.mtimeMs > STALE_MILLISECONDS) await rm(path, { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
