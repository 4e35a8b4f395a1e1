import { type Scenario, holds, plainStart, serverCpu } from './scenario.js';

const CLIENTS = 1000;
/** Messages to all on their way. */
const MOST_OUTSTANDING = 64;

/** What compression costs the server, and what it saves on the wire. */
function documents(name: string, title: string, compression: boolean): Scenario {
  return {
    name,
    title: `2 KB of JSON to ${CLIENTS} clients, ${title}`,
    figures: [
      { key: 'perSecond', title: 'delivered a second', unit: 'k/s' },
      serverCpu,
      { key: 'bytes', title: 'on the wire each', unit: 'bytes' },
    ],
    hasCeiling: false,
    fullOnly: true,
    options: { ...plainStart, compression },
    admits: (contestant, effort) => contestant.compresses && holds(CLIENTS)(contestant, effort),
    run: async ({ server: { target }, load, effort: { warmUp, duration } }) =>
      await load.run({
        scenario: 'document-fan-out',
        target,
        clients: CLIENTS,
        mostOutstanding: MOST_OUTSTANDING,
        warmUp,
        duration,
      }),
  };
}

export const jsonFanOut = documents('fan-out-json', 'without compression', false);
export const compressedFanOut = documents('fan-out-compressed', 'each compressed', true);
