#!/usr/bin/env node
import { end, FAILED, guardOutput, MISUSED } from './commands/process-end.js';
import { version } from './commands/this-program.js';
import { GatewayError } from './base/errors.js';
import { createProgram, parse } from './ops/program.js';
import { report } from './ops/process/supervision.js';

/** The command line. Exit status: 0 done, 1 failed, 2 misused. A command is loaded when it is run. */

const program = createProgram(version, {
  start: async (options) => await (await import('./commands/start.js')).start(options),
  stop: async (options) => await (await import('./commands/running.js')).stop(options),
  restart: async (options) => await (await import('./commands/restart.js')).restart(options),
  reload: async (options) => await (await import('./commands/running.js')).reload(options),
  check: async (options) => await (await import('./commands/check.js')).check(options),
  status: async (options) => await (await import('./commands/running.js')).status(options),
  connections: async (options) => await (await import('./commands/running.js')).connections(options),
  supervise: async (options) => await (await import('./commands/background.js')).supervise(options),
  member: async () => await (await import('./commands/member.js')).member(),
});

guardOutput();
try {
  if (!(await parse(program, process.argv.slice(2)))) process.exitCode = MISUSED;
} catch (error) {
  if (!(error instanceof GatewayError)) throw error;
  process.stderr.write(`gatewayworker: ${error.message}\n`);
  process.exitCode = error.code === 'GW_CONFIG' ? MISUSED : FAILED;
  await report({ event: 'failed', code: error.code, message: error.message });
}
await end();
