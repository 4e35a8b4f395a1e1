import { GatewayError } from '../../base/errors.js';
import { openForLines } from './line-output.js';

/** Opens a file to log to. @throws GW_CONTROL when it cannot be written */
export function openLogFile(path: string): number {
  try {
    return openForLines(path);
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
