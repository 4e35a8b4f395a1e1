import { type Scenario, holds, plainStart, serverCpu } from './scenario.js';

const CLIENTS = 4000;
const WARM_UP_CLIENTS = 2000;

export const connects: Scenario = {
  name: 'connects',
  title: `connect storm: ${CLIENTS} clients come, 100 at once`,
  figures: [{ key: 'perSecond', title: 'a second', unit: 'k/s' }, serverCpu],
  hasCeiling: true,
  fullOnly: false,
  options: plainStart,
  admits: holds(CLIENTS),
  run: async ({ server: { target }, load }) =>
    await load.run({ scenario: 'connects', target, clients: CLIENTS, warmUpClients: WARM_UP_CLIENTS }),
};
