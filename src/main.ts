#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stop as stopEsbuild } from 'esbuild';
import { systemClock } from './clock.js';
import { findConfigFile } from './config/config-file.js';
import { loadConfig } from './config/load.js';
import type { NodeConfig } from './config/schema.js';
import { GatewayError } from './errors.js';
import { createLogger, type Logger, standardOutput } from './log.js';
import { checkEvents, type Node, startNode } from './node.js';
import { supervise } from './ops/background.js';
import { startDetached } from './ops/detached.js';
import { FolderWatcher } from './ops/folder-watcher.js';
import { openLogFile } from './ops/log-file.js';
import { NodeProcess } from './ops/node-process.js';
import { refuseIfRunning } from './ops/pid-file.js';
import { type NodePlace, placeOf } from './ops/place.js';
import { createProgram, parse, type StartOptions } from './ops/program.js';
import { connectionsReport, showReport, statusReport } from './ops/report-command.js';
import { notRunning, RunningNode } from './ops/running-node.js';
import { startBanner } from './ops/start-banner.js';
import type { Controllable } from './ops/status.js';
import { report } from './ops/supervision.js';

/** The command line. Exit status: 0 done, 1 failed, 2 misused. */

const FAILED = 1;
const MISUSED = 2;

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
    const { config } = await loadConfig({ file: options.config, cwd: process.cwd(), env: process.env });
    await checkEvents(config);
    const { place } = await locate(options.config);
    const node = await RunningNode.find(place);
    if (node) {
      await node.stop(graceful);
      say(`stopped (pid ${node.pid})`);
    }
    const log = options.log ?? node?.record.log ?? undefined;
    if (options.detach || node?.supervisor) await startInBackground({ ...options, log });
    else await startHere({ ...options, log });
  },
  async reload({ config, graceful = false }) {
    const node = await findRunning(config);
    await node.ask(async (client) => await client.reload(graceful));
    say(`reloaded (pid ${node.pid})`);
  },
  async status({ config, ...options }) {
    await showReport(statusReport, (await locate(config)).place, options);
  },
  async connections({ config, offset, limit, ...options }) {
    await showReport(connectionsReport(offset, limit), (await locate(config)).place, options);
  },
  async supervise({ log, watch, ...options }) {
    const { file, place } = await locate(options.config);
    const nodeArguments = programArguments('start', { config: file, log, watch }, '--supervised');
    process.exitCode = await supervise({ place, config: file, log, nodeArguments });
  },
});

// a reader that has seen enough, as in "| head"
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : FAILED));

try {
  if (!(await parse(program, process.argv.slice(2)))) process.exitCode = MISUSED;
} catch (error) {
  if (!(error instanceof GatewayError)) throw error;
  process.stderr.write(`gatewayworker: ${error.message}\n`);
  process.exitCode = statusOf(error);
  await report({ event: 'failed', code: error.code, message: error.message });
}
// All is done, and what user code has left running must not keep the process.
await new Promise((done) => process.stdout.write('', done));
process.exit();

function statusOf({ code }: GatewayError): number {
  return code === 'GW_CONFIG' ? MISUSED : FAILED;
}

/** Runs a node in this process until it is stopped. */
async function startHere({ config: given, log: logPath, watch = false, supervised = false }: StartOptions) {
  const { config, file } = await loadConfig({ file: given, cwd: process.cwd(), env: process.env });
  const logFile =
    logPath === undefined ? undefined : { path: resolve(logPath), file: openLogFile(resolve(logPath)) };
  const destination = logFile?.file ?? standardOutput();
  const log = createLogger({ level: config.log.level, destination });
  const host = new NodeProcess({
    place: placeOf(file, process.cwd()),
    config: file,
    supervised,
    log,
    logFile,
    start: async () =>
      await startNode(config, { version, log, writeLine: (line) => destination.write(line) }),
    onUp(node) {
      if (!logFile && process.stdout.isTTY)
        say(...startBanner({ version, node, config, file, watch }, process.stdout.hasColors()));
      else logUp(log, node, file);
      if (watch) reloadOnChange(host, config, log);
    },
    // the compiler is a process of its own
    onBuilt: () => void stopEsbuild(),
  });
  await host.run();
}

function logUp(log: Logger, { name, roles, listeners, workers }: Node, file: string | undefined): void {
  log.info(
    {
      node: name,
      roles,
      listeners,
      workers,
      config: file,
      version,
      nodejs: process.version,
    },
    `gatewayworker ${version} is up: ${listeners.join(', ') || roles.join(', ')}`,
  );
}

function reloadOnChange(host: Controllable, { gateway, worker }: NodeConfig, log: Logger): void {
  if (worker === false) return;
  const watcher = new FolderWatcher({
    folder: worker.events,
    ignored: gateway === false ? [] : gateway.listen.flatMap(({ static: folder }) => folder ?? []),
    clock: systemClock,
    onChange() {
      log.info(`a file in ${worker.events} has changed: reloading`);
      // the log says how it ended
      host.reload(false).catch(() => {});
    },
    onError: (error) => log.warn({ err: error }, `${worker.events} cannot be watched`),
  });
  watcher.start();
}

/** Starts a node in the background, and waits until it is up. */
async function startInBackground({ config, log: logPath, watch }: StartOptions): Promise<void> {
  const { file, place } = await locate(config);
  await refuseIfRunning(place);
  const log = logPath === undefined ? place.log : resolve(logPath);
  const first = await startDetached(programArguments('supervise', { config: file, log, watch }), log);
  switch (first.event) {
    case 'up':
      say(`gatewayworker ${version} is up: ${first.listeners.join(', ')}`, `pid ${first.pid}, log ${log}`);
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
  { config, log, watch = false }: Pick<StartOptions, 'config' | 'log' | 'watch'>,
  ...more: readonly string[]
): readonly string[] {
  return [
    ...process.execArgv,
    PROGRAM,
    command,
    ...(config === undefined ? [] : ['--config', config]),
    ...(log === undefined ? [] : ['--log', log]),
    ...(watch ? ['--watch'] : []),
    ...more,
  ];
}

async function locate(given: string | undefined): Promise<{ file: string | undefined; place: NodePlace }> {
  const file = await findConfigFile(process.cwd(), given);
  return { file, place: placeOf(file, process.cwd()) };
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
