import { systemClock } from '../base/clock.js';
import { endCompiler } from '../bundle/compiler.js';
import { captureOutput } from '../ops/log/captured-output.js';
import { MemberHost } from '../ops/group/member-host.js';
import type { ProcessLog } from '../ops/log/process-log.js';
import { StrayErrors } from '../ops/log/stray-errors.js';
import { FAREWELL_TIME, openLog, startOwnNode } from './own-node.js';
import { endAfter, guardExit } from './process-end.js';

/** Runs one of a group's nodes: what node:cluster forks. */
export async function member(): Promise<void> {
  let log: ProcessLog | undefined;
  const strays = new StrayErrors(systemClock, endAfter).watch();
  const host = new MemberHost({
    async start({ config, logFile }) {
      guardExit();
      log = openLog(config.log.level, logFile ?? undefined);
      captureOutput(log, systemClock);
      const logger = log.logger.child({ node: config.name });
      strays.logTo(logger);
      return await strays.during(startOwnNode(config, log, logger));
    },
    reopenLog: () => log?.reopen(),
    onBuilt: endCompiler,
  });
  await host.run();
  await log?.flushed(FAREWELL_TIME);
}
