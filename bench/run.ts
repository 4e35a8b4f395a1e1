import { parseArgs } from 'node:util';
import { runEndToEnd, scenarios } from './end-to-end.js';
import { runMicro, suites } from './micro/run-micro.js';
import type { Effort } from './scenarios/scenario.js';

/*
 * `npm run bench`: everything, in some minutes. `-- --full`: longer, for figures to be quoted. Names select:
 * `-- micro`, `-- end-to-end`, or one part as it is called in the list below, `-- echo-16 ring`.
 */

const SHORT: Effort = { rounds: 3, warmUp: 1, duration: 2, idleClients: 15_000 };
const FULL: Effort = { rounds: 5, warmUp: 2, duration: 5, idleClients: 15_000 };
/** Seconds for each task of a micro-benchmark. */
const MICRO = { short: 0.3, full: 1 };
const MISUSED = 2;

const { values, positionals } = parseArgs({
  options: { full: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const named = (group: string, name: string): boolean =>
  positionals.length === 0 || positionals.includes(group) || positionals.includes(name);
const wantedScenarios = scenarios.filter(({ name }) => named('end-to-end', name));
const wantedSuites = suites.filter(({ name }) => named('micro', name));

const known = [
  'end-to-end',
  'micro',
  ...scenarios.map(({ name }) => name),
  ...suites.map(({ name }) => name),
];
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`there is no benchmark ${unknown.join(', ')}; there are ${known.join(', ')}\n`);
  process.exit(MISUSED);
}

try {
  if (wantedScenarios.length > 0) await runEndToEnd(wantedScenarios, values.full ? FULL : SHORT);
  if (wantedSuites.length > 0) await runMicro(wantedSuites, values.full ? MICRO.full : MICRO.short);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  // the processes that were started end with this one
  process.exit(1);
}
