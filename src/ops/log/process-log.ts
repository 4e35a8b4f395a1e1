import { createLogger, type Logger } from '../../base/log.js';
import { LineOutput, type Losses } from './line-output.js';
import { LogTail } from './log-tail.js';
import { openLogFile } from './log-file.js';
import { standardOutputForLines } from './never-wait.js';
import { forPeople } from './pretty-log.js';

/** Where a process of a node logs to. */
export class ProcessLog {
  readonly logger: Logger;
  /** The file, absolute; undefined for standard output. */
  readonly path: string | undefined;
  /** Writes a line that another logger has made: JSON. */
  readonly writeLine: (line: string) => void;
  readonly tail = new LogTail();
  readonly #output: LineOutput;

  /**
   * @param path of a file; without it standard output: for people when that is a terminal, else JSON lines
   * @throws GW_CONTROL when the file cannot be written
   */
  constructor(level: string, path: string | undefined) {
    this.path = path;
    const output = new LineOutput(
      path === undefined ? standardOutputForLines() : openLogFile(path),
      ({ lost, lastError }) =>
        this.logger.warn({ lost, lastError }, `${lost} lines of this log are lost: ${reason(lastError)}`),
    );
    this.#output = output;
    const pretty = path === undefined && process.stdout.isTTY ? forPeople() : undefined;
    this.writeLine = (line) => {
      this.tail.add(line);
      output.write(pretty === undefined ? line : pretty(line));
    };
    this.logger = createLogger({ level, destination: { write: this.writeLine } });
    process.once('exit', () => output.flush());
  }

  /** Writes what is for people alone. */
  writeText(lines: readonly string[]): void {
    this.#output.write(`${lines.join('\n')}\n`);
  }

  /** The file that lines go to at the moment. */
  get fd(): number {
    return this.#output.fd;
  }

  /** What could not be written since the process started. */
  get losses(): Losses {
    return this.#output.losses;
  }

  /** For log rotation: goes on in the file that has the log's name now, or in the old one when there can be none. */
  reopen(): void {
    if (this.path === undefined) return;
    try {
      this.#output.moveTo(openLogFile(this.path));
    } catch (error) {
      this.logger.error({ err: error }, `${(error as Error).message} The log goes on in the old file.`);
    }
  }

  /** Resolves when all is written, or the reader has not taken it within so many milliseconds. */
  async flushed(time: number): Promise<void> {
    await this.#output.flushed(time);
  }
}

function reason(code: string | null): string {
  return code === 'EAGAIN' ? 'nobody read them in time' : `they could not be written (${code})`;
}
