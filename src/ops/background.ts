import { spawn } from 'node:child_process';
import { systemClock } from '../clock.js';
import { createLogger } from '../log.js';
import { openLogFile } from './log-file.js';
import { refuseIfRunning } from './pid-file.js';
import type { NodePlace } from './place.js';
import { Presence } from './presence.js';
import { report } from './supervision.js';
import { Supervisor } from './supervisor.js';

export interface BackgroundOptions {
  readonly place: NodePlace;
  readonly config: string | undefined;
  readonly log: string;
  readonly nodes: number | undefined;
  /** node's arguments for the process of the node. */
  readonly nodeArguments: readonly string[];
}

/**
 * The life of a supervisor's process, which startDetached has started.
 *
 * @returns its exit status, when the node is stopped or given up
 * @throws GW_CONTROL when the node runs already
 */
export async function supervise({
  place,
  config,
  log: path,
  nodes,
  nodeArguments,
}: BackgroundOptions): Promise<number> {
  const file = openLogFile(path);
  const log = createLogger({ level: 'info', destination: file });
  const supervisor = new Supervisor({
    name: 'the node',
    spawn: () =>
      spawn(process.execPath, nodeArguments, {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        windowsHide: true,
      }),
    clock: systemClock,
    log,
    // whoever started us waits for this, and for nothing more
    onFirstReport: (first) => void report(first).then(() => process.connected && process.disconnect()),
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGUSR2'] as const) {
    if (signal !== 'SIGUSR2' || process.platform !== 'win32')
      process.on(signal, () => supervisor.signal(signal));
  }
  process.on('SIGHUP', () => {
    file.reopen();
    supervisor.signal('SIGHUP');
  });
  await refuseIfRunning(place);
  const presence = await Presence.announce(supervisor, {
    pidFile: place.supervisorPidFile,
    config: config ?? null,
    logFile: path,
    nodes,
    log,
  });
  const status = await supervisor.run();
  await presence.close();
  return status;
}
