import { systemClock } from '../base/clock.js';
import { LineLimit } from '../base/line-limit.js';
import { createLogger } from '../base/log.js';
import { type PrintStream, takeOver } from '../base/printed-text.js';
import { attachLog } from '../base/user-log.js';
import type { ThreadMessage, WorkerTask } from '../link/thread-protocol.js';

export interface UserOutputOptions {
  readonly task: WorkerTask;
  readonly post: (message: ThreadMessage) => void;
  /** The client whose handler is running. */
  readonly currentClient: () => string | undefined;
  readonly report: (fields: object, message: string) => void;
}

/**
 * What the user's code logs and prints goes to the node's log, within limits: it can neither flood that nor the memory.
 *
 * @returns to be called before the port is closed: what is printed later is no more this thread's
 */
export function openUserOutput({ task, post, currentClient, report }: UserOutputOptions): () => void {
  const limit = new LineLimit(systemClock, report);
  const print = (stream: PrintStream, text: string): void => {
    if (limit.admits(stream, text.length)) post({ kind: 'printed', stream, text });
  };
  const given = [takeOver('stdout', print), takeOver('stderr', print)];
  const logger = createLogger({
    level: task.logLevel,
    destination: {
      write(line: string) {
        if (limit.admits('log', line.length)) post({ kind: 'log', line });
      },
    },
    mixin() {
      const client = currentClient();
      return client === undefined ? {} : { client };
    },
  });
  attachLog(logger.child({ worker: task.slot }));
  return () => {
    limit.close();
    for (const giveBack of given) giveBack();
  };
}
