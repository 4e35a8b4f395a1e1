import { createLogger, type Logger, standardOutput } from '../log.js';
import { openLogFile } from './log-file.js';

/** Where a process of a node logs to. */
export interface ProcessLog {
  readonly logger: Logger;
  /** The file, absolute; undefined for standard output. */
  readonly path: string | undefined;
  /** Writes a line that another logger has made: JSON. */
  readonly writeLine: (line: string) => void;
  /** For log rotation. */
  readonly reopen: () => void;
}

/** @throws GW_CONTROL when the file cannot be written */
export function openLog(level: string, path: string | undefined): ProcessLog {
  const file = path === undefined ? undefined : openLogFile(path);
  const destination = file ?? standardOutput();
  return {
    logger: createLogger({ level, destination }),
    path,
    writeLine: (line) => destination.write(line),
    reopen: () => file?.reopen(),
  };
}
