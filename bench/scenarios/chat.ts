import { type Scenario, holds, plainStart, serverCpu } from './scenario.js';

const CLIENTS = 1000;
const IN_FLIGHT = 4;

export const chat: Scenario = {
  name: 'chat',
  title: `${CLIENTS} clients, each message to one other by its uid, ${IN_FLIGHT} in flight`,
  figures: [{ key: 'perSecond', title: 'delivered a second', unit: 'k/s' }, serverCpu],
  hasCeiling: false,
  fullOnly: false,
  options: plainStart,
  admits: holds(CLIENTS),
  run: async ({ server: { target }, load, effort: { warmUp, duration } }) =>
    await load.run({ scenario: 'chat', target, clients: CLIENTS, inFlight: IN_FLIGHT, warmUp, duration }),
};
