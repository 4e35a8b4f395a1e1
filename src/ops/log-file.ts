import { destination } from 'pino';
import { GatewayError } from '../errors.js';

/** A log in a file, written synchronously, so that the last line before an exit is never lost. */
export type LogFile = ReturnType<typeof destination>;

/** @throws GW_CONTROL when the file cannot be written */
export function openLogFile(path: string): LogFile {
  try {
    const file = destination({ dest: path, append: true, sync: true, mkdir: true });
    // a disk that is full must not end the node: what cannot be written is not
    file.on('error', () => {});
    return file;
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
