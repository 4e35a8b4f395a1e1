import { residentBytes } from '../load/process-usage.js';
import { seconds } from '../load/window.js';
import { type Scenario, holds, plainStart } from './scenario.js';

/** Seconds between two looks, and how many of them in a row must show the same. */
const LOOK = 0.5;
const LOOKS = 4;
/** Looks at most: something that never comes to rest has its memory taken as it is. */
const MOST_LOOKS = 40;
/** Share by which looks may differ and still be the same. */
const TOLERANCE = 0.002;

/**
 * What an idle client costs: resident memory of the whole process, all threads, with the clients less without them,
 * divided by their number. The server has served nobody before.
 */
export function idleMemory(name: string, title: string, signIn: boolean): Scenario {
  return {
    name,
    title,
    figures: [{ key: 'perClient', title: 'each', unit: 'KB' }],
    hasCeiling: false,
    fullOnly: false,
    options: plainStart,
    admits: (contestant, effort) => holds(effort.idleClients)(contestant, effort),
    async run({ server: { target }, load, effort: { idleClients } }) {
      const before = await restingMemory(target.pids);
      await load.run({ scenario: 'hold', target, clients: idleClients, signIn });
      const after = await restingMemory(target.pids);
      await load.run({ scenario: 'release' });
      return { perClient: (after - before) / idleClients / 1024, before, after };
    },
  };
}

export const idle = idleMemory('idle', 'memory of an idle client', false);
export const idleSession = idleMemory(
  'idle-session',
  'memory of an idle client that has sent a message',
  true,
);

/** The processes' memory once it does not change any more. */
async function restingMemory(pids: readonly number[]): Promise<number> {
  let looks = [residentBytes(pids)];
  for (let count = 0; count < MOST_LOOKS; count++) {
    await seconds(LOOK);
    const now = residentBytes(pids);
    looks = looks.every((memory) => Math.abs(memory - now) <= memory * TOLERANCE) ? [...looks, now] : [now];
    if (looks.length === LOOKS) break;
  }
  return looks.at(-1) as number;
}
