import { readFileSync, rmSync } from 'node:fs';
import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError } from '../errors.js';
import type { NodePlace } from './place.js';
import { decodeRecord, encodeRecord, isAlive, type ProcessRecord } from './process-record.js';

/** Milliseconds in which a pid file that was just created is certainly written. */
const WRITING_TIME = 1000;
const RETRY_TIME = 20;

/** A pid file that this process holds. */
export class PidFile {
  readonly #path: string;
  readonly #text: string;

  private constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
  }

  /**
   * Creates the pid file, in place of one that a dead process has left.
   *
   * @throws GW_CONTROL when its process lives, or when the file cannot be written
   */
  static async claim(path: string, record: ProcessRecord): Promise<PidFile> {
    const text = encodeRecord(record);
    await prepareFolder(dirname(path));
    for (;;) {
      try {
        await writeFile(path, text, { flag: 'wx' });
        return new PidFile(path, text);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotWrite(path, error);
      }
      const found = await readWhenWritten(path);
      if (found === undefined) continue;
      const holder = decodeRecord(found);
      if (holder && (await isAlive(holder))) throw alreadyRuns(holder);
      await discard(path, found, holder);
    }
  }

  /** Removes the file, unless it has become that of another process. May be called while the process exits. */
  release(): void {
    try {
      if (readFileSync(this.#path, 'utf8') === this.#text) rmSync(this.#path);
    } catch {
      // somebody has removed it already
    }
  }
}

/** The living process that a pid file names; undefined when there is none. */
export async function livingProcess(path: string): Promise<ProcessRecord | undefined> {
  const text = await readWhenWritten(path);
  const record = text === undefined ? undefined : decodeRecord(text);
  return record && (await isAlive(record)) ? record : undefined;
}

/** @throws GW_CONTROL when the node runs, in the background or not */
export async function refuseIfRunning({ pidFile, supervisorPidFile }: NodePlace): Promise<void> {
  const holder = (await livingProcess(pidFile)) ?? (await livingProcess(supervisorPidFile));
  if (holder) throw alreadyRuns(holder);
}

function alreadyRuns({ pid, startedAt, config }: ProcessRecord): GatewayError {
  const what = config === null ? '' : ` (${config})`;
  return new GatewayError(
    'GW_CONTROL',
    `This node already runs${what}, with pid ${pid}, since ${startedAt}. Use reload or restart, or stop it first.`,
  );
}

async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, '.gitignore'), '*\n');
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}

/** A pid file is created first and then written: one that is empty may be whole a moment later. */
async function readWhenWritten(path: string): Promise<string | undefined> {
  for (;;) {
    try {
      const text = await readFile(path, 'utf8');
      if (decodeRecord(text)) return text;
      const age = Date.now() - (await stat(path)).mtimeMs;
      if (age < 0 || age > WRITING_TIME) return text;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw new GatewayError(
        'GW_CONTROL',
        `The pid file ${path} cannot be read (${code ?? message}). Run this as the user that started the node.`,
        { cause: error },
      );
    }
    await delay(RETRY_TIME);
  }
}

/**
 * Removes a pid file that was found stale, and its socket. Two processes may do so at once: each moves the file away
 * under a name of its own first, and one that has thereby taken the other's fresh file puts it back.
 */
async function discard(path: string, found: string, holder: ProcessRecord | undefined): Promise<void> {
  const mine = `${path}.${process.pid}`;
  try {
    await rename(path, mine);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw cannotWrite(path, error);
  }
  if ((await readFile(mine, 'utf8')) === found) {
    if (holder?.socket.endsWith('.sock')) await rm(holder.socket, { force: true });
  } else {
    await link(mine, path).catch(() => {
      // a third process has claimed it meanwhile: there is room for one
    });
  }
  await rm(mine);
}

function cannotWrite(path: string, error: unknown): GatewayError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new GatewayError(
    'GW_CONTROL',
    `${path} cannot be written (${code ?? message}). Make its folder writable for the user that runs the node: the pid file and the control socket lie there.`,
    { cause: error },
  );
}
