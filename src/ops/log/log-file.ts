import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { GatewayError } from '../../base/errors.js';
import { openForLines } from './never-wait.js';

/** Opens a file to log to, and makes its folder if there is none. @throws GW_CONTROL when it cannot be written */
export function openLogFile(path: string): number {
  try {
    return openForLines(path);
  } catch (error) {
    throw unwritableLog(path, error);
  }
}

/**
 * Makes the folder of a log file.
 *
 * @returns the outermost folder that did not exist before; undefined when nothing had to be made
 * @throws GW_CONTROL
 */
export function makeLogFolder(path: string): string | undefined {
  try {
    return mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw unwritableLog(path, error);
  }
}

export function unwritableLog(path: string, error: unknown): GatewayError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new GatewayError(
    'GW_CONTROL',
    `The log file ${path} cannot be written (${code ?? message}). Make it writable, or name another with --log FILE.`,
    { cause: error },
  );
}
