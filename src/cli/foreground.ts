import { systemClock } from '../base/clock.js';
import { endCompiler } from '../bundle/compiler.js';
import type { AdminServer } from '../admin/admin-server.js';
import type { AdminConfig, NodeConfig } from '../config/schema.js';
import type { Logger } from '../base/log.js';
import type { Node } from '../node/node.js';
import { captureOutput } from '../ops/log/captured-output.js';
import type { NodeGroup } from '../ops/group/node-group.js';
import { NodeProcess } from '../ops/process/node-process.js';
import { nodeFiles } from '../ops/process/node-files.js';
import type { ProcessLog } from '../ops/log/process-log.js';
import type { StartOptions } from './options.js';
import { reloadOnChange } from '../ops/process/reload-on-change.js';
import { startBanner } from '../ops/view/start-banner.js';
import { StrayErrors } from '../ops/log/stray-errors.js';
import { givenLog } from './given-log.js';
import { checkApplication, load } from './application.js';
import { FAREWELL_TIME, openLog, startOwnNode } from './own-node.js';
import { endAfter, guardExit } from './process-end.js';
import { PROGRAM, upLine, version } from './this-program.js';

/** Runs a node in this process until it is stopped, or a group of nodes in others. */
export async function startHere(options: StartOptions): Promise<void> {
  const { watch = false, supervised = false, nodes = 1 } = options;
  const strays = new StrayErrors(systemClock, endAfter).watch();
  const { config, file, warnings } = await strays.during(load(options));
  const log = openLog(config.log.level, givenLog(options.log));
  const release = captureOutput(log, systemClock);
  strays.logTo(log.logger);
  for (const warning of warnings) log.logger.warn(warning);
  let group: NodeGroup | undefined;
  const readConfig = async (): Promise<NodeConfig> => {
    const now = await load(options);
    await checkApplication(now.config);
    return now.config;
  };
  const host = new NodeProcess<Node | NodeGroup>({
    files: nodeFiles(file, process.cwd(), config.stateDir),
    config: file,
    nodes: nodes > 1 ? nodes : undefined,
    supervised,
    log: log.logger,
    logFile: log.path === undefined ? undefined : { path: log.path, reopen },
    openAdmin: config.admin === false ? undefined : openAdmin(config.admin, log.logger),
    start: async () => {
      guardExit();
      if (nodes === 1) return await strays.during(startOwnNode(config, log));
      group = await strays.during(startGroup(config, nodes, log, readConfig));
      return group;
    },
    onUp(node) {
      if (log.path === undefined && process.stdout.isTTY)
        log.writeText(
          startBanner(
            { version, node, config, file, watch, nodes, admin: host.admin },
            process.stdout.hasColors(),
          ),
        );
      else logUp(log.logger, node, file, nodes, host.admin?.url);
      if (watch) reloadOnChange(config, async () => await host.reload(false), log.logger);
    },
    onBuilt: endCompiler,
  });
  function reopen(): void {
    log.reopen();
    group?.reopenLogs();
  }
  try {
    await host.run();
  } finally {
    release();
    await log.flushed(FAREWELL_TIME);
  }
}

function openAdmin(
  config: AdminConfig,
  log: Logger,
): (node: NodeProcess<Node | NodeGroup>) => Promise<AdminServer> {
  return async (node) => {
    const { AdminServer: Server } = await import('../admin/admin-server.js');
    return await Server.open({
      config,
      node,
      calls: async () => await node.node.calls(),
      version,
      clock: systemClock,
      log,
    });
  };
}

async function startGroup(
  config: NodeConfig,
  nodes: number,
  log: ProcessLog,
  readConfig: () => Promise<NodeConfig>,
): Promise<NodeGroup> {
  const { NodeGroup: Group } = await import('../ops/group/node-group.js');
  const { memberForks } = await import('../ops/group/fork-member.js');
  return await Group.start({
    config,
    nodes,
    version,
    logFile: log.path ?? null,
    clock: systemClock,
    log: log.logger,
    logLosses: () => log.losses,
    logTail: (after) => log.tail.after(after),
    fork: memberForks(PROGRAM, ['member']),
    startRegister: async (own) => await startOwnNode(own, log),
    check: async () => await checkApplication(config),
    readConfig,
  });
}

function logUp(
  log: Logger,
  { name, roles, listeners, workers }: Node | NodeGroup,
  file: string | undefined,
  nodes: number,
  admin: string | undefined,
): void {
  log.info(
    {
      node: name,
      roles,
      listeners,
      workers,
      nodes,
      admin,
      config: file,
      version,
      nodejs: process.version,
    },
    upLine(listeners.join(', ') || roles.join(', '), nodes),
  );
}
