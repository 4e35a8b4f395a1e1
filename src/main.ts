#!/usr/bin/env node
import { end, FAILED, guardOutput, MISUSED } from './cli/process-end.js';
import { version } from './cli/this-program.js';
import { GatewayError } from './base/errors.js';
import { parse } from './cli/parse.js';
import { createProgram } from './cli/program.js';
import { report } from './ops/process/node-report.js';

/** The command line. Exit status: 0 done, 1 failed, 2 misused. A command is loaded when it is run. */

const program = createProgram(version, {
  new: async (folder, options) => await (await import('./cli/new.js')).newProject(folder, options),
  start: async (options) => await (await import('./cli/start.js')).start(options),
  stop: async (options) => await (await import('./cli/running.js')).stop(options),
  restart: async (options) => await (await import('./cli/restart.js')).restart(options),
  reload: async (options) => await (await import('./cli/running.js')).reload(options),
  check: async (options) => await (await import('./cli/check.js')).check(options),
  status: async (options) => await (await import('./cli/running.js')).status(options),
  connections: async (options) => await (await import('./cli/running.js')).connections(options),
  trace: async (clientId, options) => await (await import('./cli/trace.js')).trace(clientId, options),
  admin: async (options) => await (await import('./cli/running.js')).admin(options),
  migrate: async (folder, options) => await (await import('./cli/migrate.js')).migrate(folder, options),
  supervise: async (options) => await (await import('./cli/background.js')).supervise(options),
  member: async () => await (await import('./cli/member.js')).member(),
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
