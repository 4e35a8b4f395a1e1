import { writeFile } from 'node:fs/promises';
import { Progress } from './report/progress.js';
import { chart } from './report/chart.js';
import { type Results, loadNow, thisMachine, writeResults } from './report/results.js';
import { table } from './report/table.js';
import { Rounds } from './rounds.js';
import { chat, chatInCluster } from './scenarios/chat.js';
import { churn } from './scenarios/churn.js';
import { compressedFanOut, jsonFanOut } from './scenarios/documents.js';
import { connects } from './scenarios/connects.js';
import { echo1, echo16, mixed } from './scenarios/echo.js';
import {
  fanOut,
  fanOutGroups,
  fanOutHalf,
  fanOutInCluster,
  fanOutPaced,
  fanOutTls,
} from './scenarios/fan-out.js';
import { flood } from './scenarios/flood.js';
import { idle, idleSession } from './scenarios/idle-memory.js';
import { reload } from './scenarios/reload.js';
import { requests } from './scenarios/requests.js';
import type { Effort, Scenario } from './scenarios/scenario.js';
import { socketIoEcho, socketIoFanOut, socketIoIdle } from './scenarios/socket-io.js';
import { contestants, optionalPeers } from './servers/contestants.js';
import { ceiling, fastify } from './servers/node-peers.js';

const [ours, ...peers] = contestants(process.env);

export const scenarios: readonly Scenario[] = [
  echo1,
  echo16,
  mixed,
  fanOut,
  ...peers.map((peer) => fanOutHalf(ours.name, peer.name)),
  fanOutPaced,
  fanOutTls,
  fanOutGroups,
  jsonFanOut,
  compressedFanOut,
  chat,
  connects,
  idle,
  idleSession,
  churn,
  reload,
  flood,
  requests,
  fanOutInCluster,
  chatInCluster,
  socketIoFanOut,
  socketIoEcho,
  socketIoIdle,
];

/**
 * Puts every server through these scenarios, in turns, and prints what came out.
 *
 * @param chartFile where to draw it, too
 * @returns whether nothing went wrong for ours, nor with the chart
 */
export async function runEndToEnd(
  wanted: readonly Scenario[],
  effort: Effort,
  chartFile: string | undefined,
): Promise<boolean> {
  const startedAt = new Date().toISOString();
  const loadBefore = loadNow();
  const complete = scenarios.filter(
    (scenario) => wanted.includes(scenario) || wanted.some(({ follows }) => follows === scenario),
  );
  const rounds = new Rounds(complete, [ours, ...peers, fastify], ceiling, effort);
  const progress = new Progress(rounds.trials);
  try {
    await rounds.run((what) => progress.next(what));
  } finally {
    progress.end();
  }
  const { samples, failures } = rounds;
  const field = {
    ours: ours.name,
    peers: [...peers, fastify].map(({ name }) => name),
    ceiling: ceiling.name,
  };
  const results = { startedAt, machine: thisMachine(), loadBefore, effort, field, samples, failures };
  report(results);
  process.stdout.write(`\n${await writeResults(results)}\n`);
  const drawn = await draw(results, chartFile);
  return drawn && !failures.some(({ server }) => server === ours.name);
}

/** Prints results. */
export function report(results: Results): void {
  const { machine, loadBefore, effort } = results;
  const { cpu, cores, kernel, node } = machine;
  const measured = tried(results);
  const absent = optionalPeers.filter((name) => !results.field.peers.includes(name));
  process.stdout.write(
    `${cpu}, ${cores} cores, Linux ${kernel}, node ${node}; load before the run ${loadBefore.toFixed(1)}; ` +
      `medians of ${effort.rounds} rounds of ${effort.duration} s, 64-byte messages\n\n` +
      `${table(measured, results)}\n`,
  );
  if (absent.length > 0) {
    process.stdout.write(`\nnot measured: ${absent.join(', ')} (see docs/performance.md)\n`);
  }
}

/** Draws results where a file is named. @returns whether nothing went wrong */
export async function draw(results: Results, chartFile: string | undefined): Promise<boolean> {
  if (chartFile === undefined) return true;
  try {
    await writeFile(chartFile, chart(tried(results), results));
    return true;
  } catch (error) {
    process.stderr.write(`the chart cannot be written to ${chartFile}: ${(error as Error).message}\n`);
    return false;
  }
}

/** The scenarios that there is something to say about: figures, or why there are none. */
function tried({ samples, failures }: Results): Scenario[] {
  const names = new Set([...samples, ...failures].map(({ scenario }) => scenario));
  return scenarios.filter(({ name }) => names.has(name));
}
