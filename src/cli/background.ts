import { GatewayError } from '../base/errors.js';
import { runSupervisor } from '../ops/process/supervisor-process.js';
import { startDetached } from '../ops/process/detached.js';
import { refuseIfRunning } from '../ops/process/pid-file.js';
import type { StartOptions } from './options.js';
import { givenLog } from './given-log.js';
import { locate } from './locate.js';
import { serve } from './process-end.js';
import { programArguments, say, upLine } from './this-program.js';

/** Starts a node in the background, and waits until it is up. */
export async function startInBackground({ config, log: logPath, watch, nodes }: StartOptions): Promise<void> {
  const { file, files } = await locate(config);
  await refuseIfRunning(files);
  const log = givenLog(logPath) ?? files.log;
  const first = await startDetached(programArguments('supervise', { config: file, log, watch, nodes }), log);
  switch (first.event) {
    case 'up':
      say(
        upLine(first.listeners.join(', ') || 'no ports for clients', nodes),
        `pid ${first.pid}, log ${log}`,
      );
      return;
    case 'failed':
      throw new GatewayError(first.code, first.message);
    default:
      throw new GatewayError('GW_CONTROL', `The node was stopped while it started. The log is ${log}.`);
  }
}

/** The process that startInBackground leaves behind. */
export async function supervise({
  log,
  watch,
  nodes,
  ...options
}: StartOptions & { readonly log: string }): Promise<void> {
  serve();
  const { file, files } = await locate(options.config);
  const nodeArguments = programArguments('start', { config: file, log, watch, nodes }, '--supervised');
  process.exitCode = await runSupervisor({ files, config: file, log, nodes, nodeArguments });
}
