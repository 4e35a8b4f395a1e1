import type { Scenario } from './scenario.js';

const NODES = 3;

/** The same scenario with clients spread over the nodes of a cluster. */
export function inCluster(scenario: Scenario): Scenario {
  return {
    ...scenario,
    title: `a cluster of ${NODES} nodes on one machine: ${scenario.title}`,
    hasCeiling: false,
    fullOnly: true,
    options: { ...scenario.options, nodes: NODES },
    admits: (contestant, effort) => contestant.clusters && scenario.admits(contestant, effort),
  };
}
