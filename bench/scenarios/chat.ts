import { inCluster } from './cluster.js';
import { type Scenario, holds, plainStart, serverCpu } from './scenario.js';

const CLIENTS = 1000;
const IN_FLIGHT = 4;

/** So many that each one's partner is on another of three nodes. */
const CLUSTER_CLIENTS = 1002;

function chatScenario(clients: number): Scenario {
  return {
    name: 'chat',
    title: `${clients} clients, each message to one other by its uid, ${IN_FLIGHT} in flight`,
    figures: [{ key: 'perSecond', title: 'delivered a second', unit: 'k/s' }, serverCpu],
    hasCeiling: false,
    fullOnly: false,
    options: plainStart,
    admits: holds(clients),
    run: async ({ server: { target }, load, effort: { warmUp, duration } }) =>
      await load.run({ scenario: 'chat', target, clients, inFlight: IN_FLIGHT, warmUp, duration }),
  };
}

export const chat = chatScenario(CLIENTS);

/** Each message comes in on one node and goes out on another. */
export const chatInCluster = inCluster({ ...chatScenario(CLUSTER_CLIENTS), name: 'cluster-chat' });
