import { type Scenario, plainStart, serverCpu } from './scenario.js';

const CLIENTS = 64;

/** HTTP of one's own, beside a server that does nothing else. */
export const requests: Scenario = {
  name: 'requests',
  title: `HTTP requests, ${CLIENTS} connections that are kept, 1 in flight`,
  figures: [
    { key: 'perSecond', title: 'a second', unit: 'k/s' },
    serverCpu,
    { key: 'p50', title: 'half within', unit: 'ms' },
    { key: 'p99', title: '99 % within', unit: 'ms' },
  ],
  hasCeiling: false,
  fullOnly: true,
  options: plainStart,
  admits: ({ requests: answers }) => answers,
  run: async ({ server: { target }, load, effort: { warmUp, duration } }) =>
    await load.run({ scenario: 'requests', target, clients: CLIENTS, warmUp, duration }),
};
