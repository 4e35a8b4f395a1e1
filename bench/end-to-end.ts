import { LoadProcess } from './load/load-process.js';
import { Progress } from './report/progress.js';
import { type Results, type Sample, loadNow, thisMachine, writeResults } from './report/results.js';
import { table } from './report/table.js';
import { connects } from './scenarios/connects.js';
import { echo1, echo16 } from './scenarios/echo.js';
import { fanOut } from './scenarios/fan-out.js';
import { idle, idleSession } from './scenarios/idle-memory.js';
import type { Effort, Scenario } from './scenarios/scenario.js';
import { type Contestant, bareWs, ceiling, gatewayWorker } from './servers/server.js';

export const scenarios: readonly Scenario[] = [echo1, echo16, fanOut, connects, idle, idleSession];

const peers: readonly Contestant[] = [bareWs];

/**
 * Puts every server through these scenarios, in turns, so that what else happens on the machine hits all alike, and prints
 * what came out. The first to go is another one in each round.
 */
export async function runEndToEnd(wanted: readonly Scenario[], effort: Effort): Promise<void> {
  const startedAt = new Date().toISOString();
  const loadBefore = loadNow();
  const contestants = [gatewayWorker, ...peers];
  const measured = wanted.filter(({ hasCeiling }) => hasCeiling);
  const progress = new Progress(measured.length + wanted.length * contestants.length * effort.rounds);
  const load = new LoadProcess();
  const samples: Sample[] = [];
  const take = async (scenario: Scenario, contestant: Contestant, round: number): Promise<void> => {
    progress.next(`${scenario.name}, ${contestant.name}`);
    const server = await contestant.start();
    try {
      const figures = await scenario.run(server, load, effort);
      samples.push({ scenario: scenario.name, server: contestant.name, round, figures });
    } finally {
      await server.stop();
    }
  };
  try {
    for (const scenario of measured) await take(scenario, ceiling, 0);
    for (let round = 0; round < effort.rounds; round++) {
      const turn = round % contestants.length;
      const order = [...contestants.slice(turn), ...contestants.slice(0, turn)];
      for (const scenario of wanted) {
        for (const contestant of order) await take(scenario, contestant, round);
      }
    }
  } finally {
    progress.end();
    await load.stop();
  }
  const results: Results = { startedAt, machine: thisMachine(), loadBefore, effort, samples };
  const { cpu, cores, kernel, node } = results.machine;
  process.stdout.write(
    `${cpu}, ${cores} cores, Linux ${kernel}, node ${node}; load before the run ${loadBefore.toFixed(1)}; ` +
      `medians of ${effort.rounds} rounds of ${effort.duration} s, 64-byte messages\n\n`,
  );
  const names = { ours: gatewayWorker.name, peers: peers.map(({ name }) => name), ceiling: ceiling.name };
  process.stdout.write(`${table(wanted, samples, names)}\n\n${await writeResults(results)}\n`);
}
