import { createLogger } from '../base/log.js';
import { attachLog, log } from '../base/user-log.js';
import { currentClientId } from './in-process-thread.js';
import type { LogLine } from './test-app.js';

const WARN = 40;

/** What an application under test, and the framework, have logged. Nothing of it is printed. */
export class AppLog {
  readonly lines: LogLine[] = [];
  readonly write = (line: string): void => void this.lines.push(JSON.parse(line) as LogLine);
  readonly logger = createLogger({ level: 'debug', destination: { write: this.write } });

  /** The last thing that went wrong, as a sentence; '' when nothing did. */
  get lastProblem(): string {
    const last = this.lines.findLast(({ level }) => level >= WARN);
    return last === undefined ? '' : `The last warning in the log: ${last.msg}`;
  }

  /** What code in this process logs by `log` comes here from now on. @returns takes that back */
  capture(): () => void {
    const before = log;
    attachLog(
      createLogger({
        level: 'trace',
        destination: { write: this.write },
        mixin() {
          const client = currentClientId();
          return client === undefined ? {} : { client };
        },
      }),
    );
    return () => attachLog(before);
  }
}
