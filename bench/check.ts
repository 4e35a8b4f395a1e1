import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { commandLine } from './command-line.js';
import { LoadProcess } from './load/load-process.js';
import type { Figures } from './load/orders.js';
import { significant } from './report/quantity.js';
import { align } from './report/table.js';
import { median } from './report/statistics.js';
import { connects } from './scenarios/connects.js';
import { echo1, echo16 } from './scenarios/echo.js';
import { fanOut } from './scenarios/fan-out.js';
import { idleSession } from './scenarios/idle-memory.js';
import type { Effort, Scenario } from './scenarios/scenario.js';
import { Disturbance } from './disturbance.js';
import { gatewayWorker } from './servers/gatewayworker.js';
import { bareWs } from './servers/node-peers.js';
import type { Contestant } from './servers/server.js';

/*
 * `npm run bench:check`: whether ours has become slower, compared with bare `ws` in the same minute and with what
 * baseline.json says of the two. A machine that does something else as well shifts even such a ratio: a run that was
 * disturbed may be won but not lost, unless ours gave a wrong answer or none. So this fails only when something was lost
 * three times in a row.
 *
 * `npm run bench:check -- --write` puts this machine's ratios into baseline.json: medians of LOSSES runs.
 */

const BASELINE = fileURLToPath(new URL('../bench/baseline.json', import.meta.url));
const LOSSES = 3;
const EFFORT: Effort = { rounds: 1, warmUp: 0.7, duration: 0.8, idleClients: 3000 };
/** Seconds after which no further run begins. */
const BUDGET = 75;

interface Guard {
  readonly scenario: Scenario;
  readonly key: 'perSecond' | 'perClient';
  /** How far a ratio may be from the baseline's: a factor. */
  readonly slack: number;
}

const guards: readonly Guard[] = [
  { scenario: echo1, key: 'perSecond', slack: 1.6 },
  { scenario: echo16, key: 'perSecond', slack: 2 },
  { scenario: fanOut, key: 'perSecond', slack: 2.5 },
  { scenario: connects, key: 'perSecond', slack: 1.6 },
  { scenario: idleSession, key: 'perClient', slack: 1.4 },
];

/** Ours divided by bare ws', by scenario. */
type Baseline = Record<string, number>;

interface Run {
  readonly ratio: number;
  readonly disturbed: boolean;
}

let load: LoadProcess | undefined;

/** No guard goes by an earlier scenario. */
const earlier = (): number => Number.NaN;

async function measured({ scenario }: Guard, contestant: Contestant): Promise<Figures> {
  const server = await contestant.start(scenario.options);
  try {
    load ??= new LoadProcess();
    return await scenario.run({ server, load, effort: EFFORT, earlier });
  } catch (error) {
    // it may be in the middle of something
    await load?.stop();
    load = undefined;
    throw error;
  } finally {
    await server.stop();
  }
}

/** Ours and bare ws, one after the other. */
async function pairedRun(guard: Guard, oursFirst: boolean): Promise<Run> {
  const disturbance = new Disturbance();
  const order = oursFirst ? [gatewayWorker, bareWs] : [bareWs, gatewayWorker];
  const values = new Map<Contestant, number>();
  for (const contestant of order) {
    const figures = await disturbance.during(async () => await measured(guard, contestant));
    values.set(contestant, figures[guard.key]);
  }
  const [ours, peers] = [gatewayWorker, bareWs].map((contestant) => values.get(contestant) as number);
  return { ratio: ours / peers, disturbed: disturbance.found };
}

/** @returns what to print, and whether the guard has found something */
async function judge(guard: Guard, baseline: number): Promise<{ row: string[]; lost: boolean }> {
  const moreIsBetter = guard.key === 'perSecond';
  const limit = moreIsBetter ? baseline / guard.slack : baseline * guard.slack;
  const seen: string[] = [];
  let verdict = 'not judged: the machine was busy';
  let losses = 0;
  while (seen.length < LOSSES && performance.now() < BUDGET * 1000) {
    try {
      const { ratio, disturbed } = await pairedRun(guard, seen.length % 2 === 0);
      seen.push(`${significant(ratio)}${disturbed ? ' (disturbed)' : ''}`);
      if (moreIsBetter ? ratio >= limit : ratio <= limit) {
        verdict = 'ok';
        break;
      }
      if (!disturbed) losses++;
    } catch (error) {
      seen.push((error as Error).message);
      losses++;
    }
  }
  const lost = losses === LOSSES;
  if (lost) verdict = 'LOST';
  const wanted = `${moreIsBetter ? 'at least' : 'at most'} ${significant(limit)}`;
  return { row: [guard.scenario.name, seen.join(', '), wanted, significant(baseline), verdict], lost };
}

async function check(): Promise<void> {
  const baseline = JSON.parse(await readFile(BASELINE, 'utf8')) as Baseline;
  const rows = [['ours / bare ws', 'found', 'expected', 'baseline', '']];
  let lost = 0;
  for (const guard of guards) {
    const result = await judge(guard, baseline[guard.scenario.name]);
    rows.push(result.row);
    if (result.lost) lost++;
  }
  process.stdout.write(`${align(rows)}\n`);
  if (lost === 0) return;
  process.stderr.write(
    `${lost} of ${guards.length} lost ${LOSSES} paired runs in a row. Either a change made it slower (npm run bench shows ` +
      'how much), or it was meant to: npm run bench:check -- --write, on a quiet machine, sets the baseline.\n',
  );
  process.exitCode = 1;
}

async function write(): Promise<void> {
  const baseline: Baseline = {};
  for (const guard of guards) {
    const runs: Run[] = [];
    for (let count = 0; count < LOSSES; count++) runs.push(await pairedRun(guard, count % 2 === 0));
    const found = runs.filter(({ disturbed }) => disturbed).length;
    if (found > 0) process.stderr.write(`${guard.scenario.name}: ${found} runs were disturbed\n`);
    baseline[guard.scenario.name] = Number(significant(median(runs.map(({ ratio }) => ratio))));
  }
  await writeFile(BASELINE, `${JSON.stringify(baseline, undefined, 2)}\n`);
}

const { values } = commandLine(
  { options: { write: { type: 'boolean', default: false } } },
  'usage: npm run bench:check -- [--write]',
);
try {
  await bareWs.prepare?.();
  await (values.write ? write() : check());
} finally {
  await load?.stop();
}
