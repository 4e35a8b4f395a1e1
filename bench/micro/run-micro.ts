import { Bench } from 'tinybench';
import { Progress } from '../report/progress.js';
import { align } from '../report/table.js';
import { broadcast } from './broadcast.js';
import { database } from './database.js';
import { directory } from './directory.js';
import { frameReader } from './frame-reader.js';
import { frameDecode, frameEncode } from './frame.js';
import { handler } from './handler.js';
import { handshake } from './handshake.js';
import { interest } from './interest.js';
import { outbox } from './outbox.js';
import { phpSerialize } from './php-serialize.js';
import { ring } from './ring.js';
import { sendCommands } from './send-commands.js';
import { sessionState } from './session.js';
import { socketReads } from './socket-reads.js';
import { socketWrites } from './socket-writes.js';
import type { Suite, Task } from './suite.js';
import { threads } from './threads.js';
import { wsHeader } from './ws-header.js';
import { wsMasks, wsReceiver } from './ws-receiver.js';

export const suites: readonly Suite[] = [
  frameEncode,
  frameDecode,
  frameReader,
  ring,
  threads,
  directory,
  sendCommands,
  interest,
  broadcast,
  wsHeader,
  wsReceiver,
  ...wsMasks,
  outbox,
  socketReads,
  socketWrites,
  sessionState,
  handler,
  handshake,
  phpSerialize,
  database,
];

/**
 * Runs suites one after another and prints each. What is compared stands in one suite, so it ran within seconds.
 *
 * @param seconds for each task
 */
export async function runMicro(wanted: readonly Suite[], seconds: number): Promise<void> {
  const progress = new Progress(wanted.length);
  for (const suite of wanted) {
    progress.next(suite.name);
    const rows = await runSuite(suite, seconds);
    progress.end();
    process.stdout.write(`\n${suite.title} (${suite.name})\n${rows}\n`);
  }
}

async function runSuite(suite: Suite, seconds: number): Promise<string> {
  const bench = new Bench({ time: seconds * 1000, warmupTime: seconds * 300, throws: true });
  const tasks = await suite.prepare();
  try {
    // run itself and no wrapper: a function that is not seen to be async is called once without being awaited
    for (const task of tasks) bench.add(task.name, task.run);
    await bench.run();
  } finally {
    await suite.close?.();
  }
  const costs = tasks.map((task) => nanoseconds(bench, task));
  const rows = tasks.map((task, index) => [
    `  ${task.name}`,
    `${costs[index] >= 100 ? costs[index].toFixed(0) : costs[index].toFixed(1)} ns`,
    `${(1000 / costs[index]).toFixed(2)} M/s`,
    index === 0 ? '' : `${(costs[index] / costs[0]).toFixed(2)} × the first`,
  ]);
  return align(rows);
}

/** For one operation, the median of all runs: what disturbs a few runs does not count. */
function nanoseconds(bench: Bench, { name, operations }: Task): number {
  const result = bench.getTask(name)?.result;
  if (result === undefined || !('latency' in result)) throw new Error(`${name} has no result`);
  return (result.latency.p50 * 1e6) / operations;
}
