import { type Node, type NodeOptions, startNode } from '../node/node.js';
import type { NodeConfig } from '../config/schema.js';
import type { Logger } from '../base/log.js';
import { ProcessLog } from '../ops/log/process-log.js';
import { serve } from './process-end.js';
import { version } from './this-program.js';

/** Milliseconds that a reader of the log has for the last lines of a node that ends. */
export const FAREWELL_TIME = 1000;

/** @throws GW_CONTROL when the file cannot be written */
export function openLog(level: string, path: string | undefined): ProcessLog {
  serve();
  return new ProcessLog(level, path);
}

/** Starts a node in this process, which logs to `output`. */
export async function startOwnNode(
  config: NodeConfig,
  output: ProcessLog,
  log: Logger = output.logger,
): Promise<Node> {
  const options: NodeOptions = {
    version,
    log,
    writeLine: output.writeLine,
    logLosses: () => output.losses,
    logTail: (after) => output.tail.after(after),
  };
  return await startNode(config, options);
}
