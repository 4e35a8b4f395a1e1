import type { HeapUse } from '../servers/memory-probe.js';
import { type Scenario, type Trial, plainStart } from './scenario.js';

const CYCLES = 10;
/** The first cycle fills what is kept for good: caches, compiled code, pools. */
const FIRST_COMPARED = 2;
/** Of the idle clients of other scenarios. */
const SHARE = 0.2;

/** Whether anything stays behind when clients come, say something and go, again and again. */
export const churn: Scenario = {
  name: 'churn',
  title: `what is on the heap once everyone has gone, after cycle ${CYCLES} compared with cycle ${FIRST_COMPARED}`,
  figures: [
    { key: 'growth', title: 'heap and external', unit: '%' },
    { key: 'perClient', title: 'left by each client', unit: 'KB' },
  ],
  hasCeiling: false,
  fullOnly: true,
  options: { ...plainStart, probe: true },
  admits: ({ probed }) => probed,
  async run(trial) {
    const clients = Math.round(trial.effort.idleClients * SHARE);
    const uses: number[] = [];
    for (let cycle = 1; cycle <= CYCLES; cycle++) {
      await trial.load.run({ scenario: 'hold', target: trial.server.target, clients, signIn: true });
      await trial.load.run({ scenario: 'release' });
      uses.push(await useWithoutClients(trial));
    }
    const first = uses[FIRST_COMPARED - 1];
    const last = uses[CYCLES - 1];
    return {
      growth: ((last - first) / first) * 100,
      perClient: (last - first) / (CYCLES - FIRST_COMPARED) / clients / 1024,
    };
  },
};

/** Milliseconds between two looks, and how many in a row that find no less say that the last client is forgotten. */
const LOOK = 200;
const LOOKS = 3;

async function useWithoutClients({ server }: Trial): Promise<number> {
  let least = Infinity;
  for (let looks = 0; looks < LOOKS; looks++) {
    const use = total(await server.heapUse());
    if (use < least * 0.999) looks = 0;
    least = Math.min(least, use);
    await new Promise((resolve) => void setTimeout(resolve, LOOK));
  }
  return least;
}

function total({ heap, external }: HeapUse): number {
  return heap + external;
}
