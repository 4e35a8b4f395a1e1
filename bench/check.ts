import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { commandLine } from './command-line.js';
import { LoadProcess } from './load/load-process.js';
import type { Figures } from './load/orders.js';
import { significant } from './report/quantity.js';
import { Progress } from './report/progress.js';
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

/** What came out for one guard. */
interface Judgement {
  /** For the table. */
  readonly row: readonly string[];
  /** What went wrong, and for whom. */
  readonly errors: readonly string[];
  /** Lost three times: how, when at all. */
  readonly lost?: 'by errors' | 'by figures';
}

/** A run without a ratio. */
class FailedRun extends Error {
  /** What went wrong, with the name of whom it went wrong for. */
  readonly reasons: readonly string[];
  /** Whether ours is among them: without the peer alone there is nothing to compare with, which says nothing about ours. */
  readonly ours: boolean;

  constructor(errors: ReadonlyMap<Contestant, string>) {
    const reasons = [...errors].map(([{ name }, error]) => `${name}: ${error}`);
    super(reasons.join('; '));
    this.reasons = reasons;
    this.ours = errors.has(gatewayWorker);
  }
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

/** Ours and bare ws, one after the other, each whatever becomes of the other. @throws FailedRun */
async function pairedRun(guard: Guard, oursFirst: boolean): Promise<Run> {
  const disturbance = new Disturbance();
  const order = oursFirst ? [gatewayWorker, bareWs] : [bareWs, gatewayWorker];
  const values = new Map<Contestant, number>();
  const errors = new Map<Contestant, string>();
  for (const contestant of order) {
    try {
      const figures = await disturbance.during(async () => await measured(guard, contestant));
      values.set(contestant, figures[guard.key]);
    } catch (error) {
      errors.set(contestant, (error as Error).message);
    }
  }
  if (errors.size > 0) throw new FailedRun(errors);
  const [ours, peers] = [gatewayWorker, bareWs].map((contestant) => values.get(contestant) as number);
  return { ratio: ours / peers, disturbed: disturbance.found };
}

async function judge(guard: Guard, baseline: number): Promise<Judgement> {
  const moreIsBetter = guard.key === 'perSecond';
  const limit = moreIsBetter ? baseline / guard.slack : baseline * guard.slack;
  const seen: string[] = [];
  const errors: string[] = [];
  let verdict = 'not judged: the machine was busy';
  let slower = 0;
  let failed = 0;
  while (seen.length < LOSSES && performance.now() < BUDGET * 1000) {
    try {
      const { ratio, disturbed } = await pairedRun(guard, seen.length % 2 === 0);
      seen.push(`${significant(ratio)}${disturbed ? ' (disturbed)' : ''}`);
      if (moreIsBetter ? ratio >= limit : ratio <= limit) {
        verdict = 'ok';
        break;
      }
      if (!disturbed) slower++;
    } catch (error) {
      if (!(error instanceof FailedRun)) throw error;
      seen.push('error');
      errors.push(...error.reasons.map((reason) => `${guard.scenario.name}, run ${seen.length}, ${reason}`));
      if (error.ours) failed++;
      else verdict = 'not judged: errors';
    }
  }
  const lost = slower + failed === LOSSES;
  if (lost) verdict = 'LOST';
  const wanted = `${moreIsBetter ? 'at least' : 'at most'} ${significant(limit)}`;
  return {
    row: [guard.scenario.name, seen.join(', '), wanted, significant(baseline), verdict],
    errors,
    lost: lost ? (slower === 0 ? 'by errors' : 'by figures') : undefined,
  };
}

async function check(): Promise<void> {
  const baseline = JSON.parse(await readFile(BASELINE, 'utf8')) as Baseline;
  const judgements: Judgement[] = [];
  const progress = new Progress(guards.length);
  try {
    for (const guard of guards) {
      progress.next(guard.scenario.name);
      judgements.push(await judge(guard, baseline[guard.scenario.name]));
    }
  } finally {
    progress.end();
  }
  const header = ['ours / bare ws', 'found', 'expected', 'baseline', ''];
  const lines = [align([header, ...judgements.map(({ row }) => row)])];
  lines.push(...judgements.flatMap(({ errors }) => errors));
  process.stdout.write(`${lines.join('\n')}\n`);
  const lost = judgements.filter((judgement) => judgement.lost !== undefined);
  if (lost.length === 0) return;
  const reason = lost.every((judgement) => judgement.lost === 'by errors')
    ? 'All of them were lost by errors, see above: this says nothing about how fast it is.'
    : 'Either a change made it slower (npm run bench shows how much), or it was meant to: npm run bench:check -- --write, ' +
      'on a quiet machine, sets the baseline.';
  process.stderr.write(`${lost.length} of ${guards.length} lost ${LOSSES} paired runs in a row. ${reason}\n`);
  process.exitCode = 1;
}

async function write(): Promise<void> {
  const baseline: Baseline = {};
  const progress = new Progress(guards.length * LOSSES);
  try {
    for (const guard of guards) {
      const runs: Run[] = [];
      for (let count = 0; count < LOSSES; count++) {
        progress.next(guard.scenario.name);
        runs.push(await pairedRun(guard, count % 2 === 0));
      }
      progress.end();
      const found = runs.filter(({ disturbed }) => disturbed).length;
      if (found > 0) process.stderr.write(`${guard.scenario.name}: ${found} runs were disturbed\n`);
      baseline[guard.scenario.name] = Number(significant(median(runs.map(({ ratio }) => ratio))));
    }
  } finally {
    progress.end();
  }
  await writeFile(BASELINE, `${JSON.stringify(baseline, undefined, 2)}\n`);
}

const { values } = commandLine(
  { options: { write: { type: 'boolean', default: false } } },
  `usage: npm run bench:check -- [--write]
  Whether gatewayworker has become slower, compared with bare ws and bench/baseline.json; about half a minute.
  --write   put this machine's ratios into bench/baseline.json instead`,
);
try {
  await bareWs.prepare?.();
  await (values.write ? write() : check());
} finally {
  await load?.stop();
}
