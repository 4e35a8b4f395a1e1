#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { stop as stopEsbuild } from 'esbuild';
import { type LoadedConfig, loadConfig } from './config/load.js';
import { GatewayError } from './errors.js';
import { createLogger, standardOutput } from './log.js';
import { type Node, startNode } from './node.js';

/** The command line. Exit status: 0 done, 1 failed, 2 misused. */

const FAILED = 1;
const MISUSED = 2;

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('gatewayworker')
  .description('A long-connection server: gateways hold the clients, business workers run your events/.')
  .version(version)
  .exitOverride();

program
  .command('start', { isDefault: true })
  .description('run a node in the foreground')
  .option('-c, --config <file>', 'configuration file (default: gatewayworker.config.* in this folder)')
  .action(async ({ config }: { config?: string }) => await start(config));

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : MISUSED;
}

async function start(file: string | undefined): Promise<void> {
  let loaded: LoadedConfig;
  try {
    loaded = await loadConfig({ file, cwd: process.cwd(), env: process.env });
  } catch (error) {
    await fail(error, MISUSED);
    return;
  }
  const { config } = loaded;
  const destination = standardOutput();
  const log = createLogger({ level: config.log.level, destination });
  let node: Node;
  try {
    node = await startNode(config, { log, writeLine: (line) => destination.write(line) });
  } catch (error) {
    await fail(error, FAILED);
    return;
  }
  await stopEsbuild();
  log.info(
    {
      node: node.name,
      roles: ['gateway', 'worker'],
      listeners: node.listeners,
      workers: node.workers,
      config: loaded.file,
      version,
      nodejs: process.version,
    },
    `gatewayworker ${version} is up: ${node.listeners.join(', ')}`,
  );
  const stop = (signal: NodeJS.Signals): void => {
    log.info({ signal }, 'stopping');
    node.stop().then(
      () => log.info('stopped'),
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed');
        process.exit(FAILED);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

async function fail(error: unknown, status: number): Promise<void> {
  process.exitCode = status;
  await stopEsbuild();
  if (!(error instanceof GatewayError)) throw error;
  process.stderr.write(`gatewayworker: ${error.message}\n`);
}
