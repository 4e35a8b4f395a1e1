import { spawn } from 'node:child_process';
import { systemClock } from '../../base/clock.js';
import { refuseIfRunning } from './pid-file.js';
import type { NodeFiles } from './node-files.js';
import { Presence } from './presence.js';
import { ProcessLog } from '../log/process-log.js';
import { report } from './node-report.js';
import { Supervisor } from './supervisor.js';

export interface BackgroundOptions {
  readonly files: NodeFiles;
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
export async function runSupervisor({
  files,
  config,
  log: path,
  nodes,
  nodeArguments,
}: BackgroundOptions): Promise<number> {
  const output = new ProcessLog('info', path);
  const log = output.logger;
  const supervisor = new Supervisor({
    name: 'the node',
    spawn: () =>
      spawn(process.execPath, nodeArguments, {
        // what node itself says as it dies goes to the file that the log is in by then
        stdio: ['ignore', output.fd, output.fd, 'ipc'],
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
    output.reopen();
    supervisor.signal('SIGHUP');
  });
  await refuseIfRunning(files);
  const presence = await Presence.open(supervisor, {
    pidFile: files.supervisorPidFile,
    config: config ?? null,
    logFile: path,
    nodes,
    log,
  });
  const status = await supervisor.run();
  await presence.close();
  return status;
}
