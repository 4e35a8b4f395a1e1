import type { Clock } from '../../base/clock.js';
import { LineLimit } from '../../base/line-limit.js';
import { createLogger } from '../../base/log.js';
import { PrintedLines, type PrintStream, takeOver } from '../../base/printed-text.js';
import { attachLog } from '../../base/user-log.js';
import type { ProcessLog } from './process-log.js';

/**
 * What user code logs and prints on the main thread (protocol and router modules, and what they import), and node's own
 * warnings, go to the log, within limits.
 *
 * @returns gives standard output and standard error back
 */
export function captureOutput({ logger, writeLine }: ProcessLog, clock: Clock): () => void {
  const limit = new LineLimit(clock, (fields, message) => logger.warn(fields, message));
  const lines = new PrintedLines({ clock, writeLine, fields: {} });
  const print = (stream: PrintStream, text: string): void => {
    if (limit.admits(stream, text.length)) lines.add(stream, text);
  };
  const given = [takeOver('stdout', print), takeOver('stderr', print)];
  attachLog(
    createLogger({
      level: logger.level,
      destination: {
        write(line: string) {
          if (limit.admits('log', line.length)) writeLine(line);
        },
      },
    }),
  );
  return () => {
    lines.close();
    limit.close();
    for (const giveBack of given) giveBack();
  };
}
