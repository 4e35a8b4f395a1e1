import { commandLine, misused } from './command-line.js';
import { draw, report, runEndToEnd, scenarios } from './end-to-end.js';
import { runMicro, suites } from './micro/run-micro.js';
import { known, listOfNames } from './names.js';
import { readResults, selected } from './report/results.js';
import type { Effort } from './scenarios/scenario.js';

/*
 * `npm run bench`: the main figures, in some minutes. `-- --full`: all of them, longer, to be quoted. Names select:
 * `-- micro`, `-- end-to-end`, or one part as it is called in the list below, `-- echo-16 ring`.
 * `--chart FILE` draws the result, `--from FILE` shows the results of an earlier run, or of it what is named.
 */

const SHORT: Effort = { rounds: 3, warmUp: 0.5, duration: 1, idleClients: 5000 };
const FULL: Effort = { rounds: 5, warmUp: 0.7, duration: 2.5, idleClients: 15_000 };
/** Seconds for each task of a micro-benchmark. */
const MICRO = { short: 0.2, full: 1 };

const USAGE = `usage: npm run bench -- [--full] [--chart FILE] [--from FILE] [NAME …]
  --full         all scenarios, longer and in more rounds: figures to be quoted
  --chart FILE   draw the end-to-end results there, as SVG
  --from FILE    show the results of an earlier run, from bench/results; NAME selects

NAME is one of these; without any, all are run but those with an asterisk.

${listOfNames}`;
const { values, positionals } = commandLine(
  {
    options: {
      full: { type: 'boolean', default: false },
      chart: { type: 'string' },
      from: { type: 'string' },
    },
    allowPositionals: true,
  },
  USAGE,
);
const unknown = positionals.filter((name) => !known.has(name));
if (unknown.length > 0) misused(`there is no benchmark ${unknown.join(', ')}; there are\n\n${listOfNames}`);
const named = (name: string, group: string): boolean =>
  positionals.includes(group) || positionals.includes(name);
const everything = positionals.length === 0;
const wantedScenarios = scenarios.filter(({ name, fullOnly }) =>
  everything ? values.full || !fullOnly : named(name, 'end-to-end'),
);
const wantedSuites = suites.filter(({ name, namedOnly = false }) =>
  namedOnly ? positionals.includes(name) : everything || named(name, 'micro'),
);

if (values.chart !== undefined && wantedScenarios.length === 0) {
  misused(`--chart draws end-to-end scenarios, and ${positionals.join(', ')} has none: name one as well`);
}

try {
  if (values.from !== undefined) {
    const all = await readResults(values.from);
    const results = everything
      ? all
      : selected(
          all,
          wantedScenarios.map(({ name }) => name),
        );
    if (results.samples.length + results.failures.length === 0) {
      throw new Error(`${values.from} has nothing about ${positionals.join(', ') || 'any scenario'}`);
    }
    report(results);
    process.exit((await draw(results, values.chart)) ? 0 : 1);
  }
  if (wantedScenarios.length > 0) {
    const well = await runEndToEnd(wantedScenarios, values.full ? FULL : SHORT, values.chart);
    if (!well) process.exitCode = 1;
  }
  if (wantedSuites.length > 0) await runMicro(wantedSuites, values.full ? MICRO.full : MICRO.short);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  // the processes that were started end with this one
  process.exit(1);
}
