#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { systemClock } from './clock.js';
import { endCompiler } from './compiler.js';
import { findConfigFile } from './config/config-file.js';
import { type LoadedConfig, loadConfig, readStateDir } from './config/load.js';
import type { NodeConfig } from './config/schema.js';
import { GatewayError } from './errors.js';
import type { Logger } from './log.js';
import {
  checkEvents,
  endThreads,
  type Node,
  type NodeOptions,
  startNode,
  threadsAreBlocked,
} from './node.js';
import { supervise } from './ops/background.js';
import { startDetached } from './ops/detached.js';
import { memberForks } from './ops/fork-member.js';
import { checkGroup } from './ops/member-config.js';
import { MemberHost } from './ops/member-host.js';
import { NodeGroup } from './ops/node-group.js';
import { NodeProcess } from './ops/node-process.js';
import { refuseIfRunning } from './ops/pid-file.js';
import { type NodePlace, placeOf } from './ops/place.js';
import { captureOutput } from './ops/captured-output.js';
import { ProcessLog } from './ops/process-log.js';
import { createProgram, parse, type StartOptions } from './ops/program.js';
import { reloadOnChange } from './ops/reload-on-change.js';
import { connectionsReport, showReport, statusReport } from './ops/report-command.js';
import { notRunning, RunningNode } from './ops/running-node.js';
import { startBanner } from './ops/start-banner.js';
import { StrayErrors } from './ops/stray-errors.js';
import { report } from './ops/supervision.js';
import { checkTypes } from './ops/type-check.js';

/** The command line. Exit status: 0 done, 1 failed, 2 misused. */

const FAILED = 1;
const MISUSED = 2;
/** Milliseconds that threads get to end before the process does. */
const END_TIME = 500;

/** Milliseconds that a reader of the log has for the last lines of a node that ends. */
const FAREWELL_TIME = 1000;

const PROGRAM = fileURLToPath(import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = createProgram(version, {
  async start(options) {
    if (options.detach) await startInBackground(options);
    else await startHere(options);
  },
  async stop({ config, graceful = false }) {
    const node = await findRunning(config);
    await node.stop(graceful);
    say(`stopped (pid ${node.pid})`);
  },
  async restart({ graceful = false, ...options }) {
    // with a configuration or an application that is wrong the node would not come back
    const { place } = await locate(options.config);
    const node = await RunningNode.find(place);
    const nodes = options.nodes ?? node?.record.nodes;
    const { config } = await load({ ...options, nodes });
    await checkEvents(config);
    if (node) {
      await node.stop(graceful);
      say(`stopped (pid ${node.pid})`);
    }
    const log = options.log ?? node?.record.log ?? undefined;
    if (options.detach || node?.supervisor) await startInBackground({ ...options, log, nodes });
    else await startHere({ ...options, log, nodes });
  },
  async reload({ config, graceful = false }) {
    const node = await findRunning(config);
    const note = await node.ask(async (client) => await client.reload(graceful));
    say(`reloaded (pid ${node.pid})`, ...(note ? [note.note] : []));
  },
  async check(options) {
    const { config, file, warnings } = await load(options);
    say(
      `configuration  ${file ?? 'the defaults'}`,
      ...warnings.map((warning) => `warning        ${warning}`),
    );
    if (config.worker === false) {
      say('events         none: worker is false');
      return;
    }
    await checkEvents(config);
    say(`events         ${config.worker.events} compiles`);
    const { text } = await checkTypes(config.worker.events);
    say(`types          ${text}`);
  },
  async status({ config, ...options }) {
    await showReport(statusReport, (await locate(config)).place, options);
  },
  async connections({ config, offset, limit, ...options }) {
    await showReport(connectionsReport(offset, limit), (await locate(config)).place, options);
  },
  async supervise({ log, watch, nodes, ...options }) {
    serving = true;
    const { file, place } = await locate(options.config);
    const nodeArguments = programArguments('start', { config: file, log, watch, nodes }, '--supervised');
    process.exitCode = await supervise({ place, config: file, log, nodes, nodeArguments });
  },
  member: runMember,
});

/** Whether this process is a node or leads some: nothing that happens to its output may end it. */
let serving = false;
// a reader that has seen enough, as in "| head": that is an end for a command, and nothing to a node
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (!serving) process.exit(code === 'EPIPE' ? 0 : FAILED);
});
process.stderr.on('error', () => {});

try {
  if (!(await parse(program, process.argv.slice(2)))) process.exitCode = MISUSED;
} catch (error) {
  if (!(error instanceof GatewayError)) throw error;
  process.stderr.write(`gatewayworker: ${error.message}\n`);
  process.exitCode = statusOf(error);
  await report({ event: 'failed', code: error.code, message: error.message });
}
// All is done, and what user code has left running must not keep the process; nor must a reader that a node does not wait for.
if (!serving) await new Promise((done) => process.stdout.write('', done));
if (!(await endThreads(END_TIME))) endByForce();
process.exit();

/** An error of our own that nobody caught. */
function endAfter(error: unknown): never {
  process.stderr.write(`gatewayworker: a fault of its own, please report it: ${inspect(error)}\n`);
  process.exit(FAILED);
}

/** process.exit() waits for every thread, and one in a system call may never come back: then only the kernel can end this. */
function endByForce(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** Whatever ends this process, an error or a second signal: it ends. Called when all else that is to be done then is known. */
function guardExit(): void {
  process.on('exit', () => {
    if (threadsAreBlocked()) endByForce();
  });
}

function statusOf({ code }: GatewayError): number {
  return code === 'GW_CONFIG' ? MISUSED : FAILED;
}

/** Runs a node in this process until it is stopped, or a group of nodes in others. */
async function startHere(options: StartOptions) {
  const { watch = false, supervised = false, nodes = 1 } = options;
  const strays = new StrayErrors(systemClock, endAfter).watch();
  const { config, file, warnings } = await strays.during(load(options));
  const log = openLog(config.log.level, options.log === undefined ? undefined : resolve(options.log));
  const release = captureOutput(log, systemClock);
  strays.logTo(log.logger);
  for (const warning of warnings) log.logger.warn(warning);
  let group: NodeGroup | undefined;
  const host = new NodeProcess<Node | NodeGroup>({
    place: placeOf(file, process.cwd(), config.stateDir),
    config: file,
    nodes: nodes > 1 ? nodes : undefined,
    supervised,
    log: log.logger,
    logFile: log.path === undefined ? undefined : { path: log.path, reopen },
    start: async () => {
      guardExit();
      if (nodes === 1) return await strays.during(startNode(config, optionsFor(log)));
      group = await strays.during(startGroup(config, nodes, log));
      return group;
    },
    onUp(node) {
      if (log.path === undefined && process.stdout.isTTY)
        log.writeText(startBanner({ version, node, config, file, watch, nodes }, process.stdout.hasColors()));
      else logUp(log.logger, node, file, nodes);
      if (watch) reloadOnChange(config, host, log.logger);
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

/** @throws GW_CONTROL when the file cannot be written */
function openLog(level: string, path: string | undefined): ProcessLog {
  serving = true;
  return new ProcessLog(level, path);
}

async function startGroup(config: NodeConfig, nodes: number, log: ProcessLog): Promise<NodeGroup> {
  return await NodeGroup.start({
    config,
    nodes,
    version,
    logFile: log.path ?? null,
    clock: systemClock,
    log: log.logger,
    logLosses: () => log.losses,
    fork: memberForks(PROGRAM, ['member']),
    startRegister: async (own) => await startNode(own, optionsFor(log)),
    checkEvents: async () => await checkEvents(config),
  });
}

/** Runs one of a group's nodes: what node:cluster forks. */
async function runMember(): Promise<void> {
  let log: ProcessLog | undefined;
  const strays = new StrayErrors(systemClock, endAfter).watch();
  const host = new MemberHost({
    async start({ config, logFile }) {
      guardExit();
      log = openLog(config.log.level, logFile ?? undefined);
      captureOutput(log, systemClock);
      const logger = log.logger.child({ node: config.name });
      strays.logTo(logger);
      return await strays.during(startNode(config, optionsFor(log, logger)));
    },
    reopenLog: () => log?.reopen(),
    onBuilt: endCompiler,
  });
  await host.run();
  await log?.flushed(FAREWELL_TIME);
}

function optionsFor(output: ProcessLog, log = output.logger): NodeOptions {
  return { version, log, writeLine: output.writeLine, logLosses: () => output.losses };
}

/** @throws GW_CONFIG */
async function load({ config: given, nodes = 1 }: StartOptions): Promise<LoadedConfig> {
  const loaded = await loadConfig({ file: given, cwd: process.cwd(), env: process.env, nodes });
  if (nodes > 1) checkGroup(loaded.config, nodes);
  return loaded;
}

function logUp(
  log: Logger,
  { name, roles, listeners, workers }: Node | NodeGroup,
  file: string | undefined,
  nodes: number,
): void {
  log.info(
    {
      node: name,
      roles,
      listeners,
      workers,
      nodes,
      config: file,
      version,
      nodejs: process.version,
    },
    upLine(listeners.join(', ') || roles.join(', '), nodes),
  );
}

function upLine(what: string, nodes = 1): string {
  return `gatewayworker ${version} is up: ${what}${nodes === 1 ? '' : `, ${nodes} nodes`}`;
}

/** Starts a node in the background, and waits until it is up. */
async function startInBackground({ config, log: logPath, watch, nodes }: StartOptions): Promise<void> {
  const { file, place } = await locate(config);
  await refuseIfRunning(place);
  const log = logPath === undefined ? place.log : resolve(logPath);
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

/** The arguments for another process of this program. */
function programArguments(
  command: string,
  { config, log, watch = false, nodes }: Pick<StartOptions, 'config' | 'log' | 'watch' | 'nodes'>,
  ...more: readonly string[]
): readonly string[] {
  return [
    ...process.execArgv,
    PROGRAM,
    command,
    ...(config === undefined ? [] : ['--config', config]),
    ...(log === undefined ? [] : ['--log', log]),
    ...(watch ? ['--watch'] : []),
    ...(nodes === undefined ? [] : ['--nodes', String(nodes)]),
    ...more,
  ];
}

async function locate(given: string | undefined): Promise<{ file: string | undefined; place: NodePlace }> {
  const file = await findConfigFile(process.cwd(), given);
  const usual = placeOf(file, process.cwd(), '');
  // where most are, and are found though the configuration has become wrong, and without running one that is a program
  if (process.env.GW_STATEDIR === undefined && (await RunningNode.find(usual))) return { file, place: usual };
  const stateDir = await readStateDir(file, process.env);
  return { file, place: stateDir === '' ? usual : placeOf(file, process.cwd(), stateDir) };
}

async function findRunning(given: string | undefined): Promise<RunningNode> {
  const { place } = await locate(given);
  const node = await RunningNode.find(place);
  if (!node) throw notRunning(place);
  return node;
}

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
