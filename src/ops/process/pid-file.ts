import { readFileSync, rmSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError } from '../../base/errors.js';
import { createFile, prepareStateFolder } from '../../base/state-folder.js';
import type { NodeFiles } from './node-files.js';
import { decodeRecord, encodeRecord, isAlive, type ProcessRecord } from './process-record.js';

/** Milliseconds in which a pid file that was just created is certainly written. */
const WRITING_TIME = 1000;
const RETRY_TIME = 20;
/** Milliseconds after which a lock was left behind: it is held for a few. */
const LOCK_TIME = 5000;

/** The pid file of this process. */
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
        if (await createFile(path, text)) return new PidFile(path, text);
      } catch (error) {
        throw cannotWrite(path, error);
      }
      const found = await readWhenWritten(path);
      if (found === undefined) continue;
      const owner = decodeRecord(found);
      if (owner && (await isAlive(owner))) throw alreadyRuns(owner);
      await discard(path, found, owner);
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
export async function refuseIfRunning({ pidFile, supervisorPidFile }: NodeFiles): Promise<void> {
  const owner = (await livingProcess(pidFile)) ?? (await livingProcess(supervisorPidFile));
  if (owner) throw alreadyRuns(owner);
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
    await prepareStateFolder(folder);
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
 * Removes a pid file that was found stale, and its socket. Others may do so at once: whoever holds the lock looks again,
 * so that nobody removes the file that another has just claimed. Gives way when the lock is taken.
 */
async function discard(path: string, found: string, owner: ProcessRecord | undefined): Promise<void> {
  const lock = `${path}.lock`;
  let locked: boolean;
  try {
    locked = await createFile(lock, '');
  } catch (error) {
    throw cannotWrite(lock, error);
  }
  if (!locked) {
    await delay(RETRY_TIME);
    const age = await stat(lock).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    // its process was killed between two lines
    if (age > LOCK_TIME) await rm(lock, { force: true });
    return;
  }
  try {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== found) return;
    await rm(path);
    if (owner?.socket.endsWith('.sock')) await rm(owner.socket, { force: true });
  } finally {
    await rm(lock, { force: true });
  }
}

function cannotWrite(path: string, error: unknown): GatewayError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new GatewayError(
    'GW_CONTROL',
    `${path} cannot be written (${code ?? message}). Make its folder writable for the user that runs the node, or name another with stateDir: the pid file and the control socket lie there.`,
    { cause: error },
  );
}
