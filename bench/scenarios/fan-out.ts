import { type Scenario, serverCpu } from './scenario.js';

const CLIENTS = 1000;
/** Enough that a server that gathers what it sends can; more gains nothing. */
const OUTSTANDING = 256;

export const fanOut: Scenario = {
  name: 'fan-out',
  figures: [{ key: 'perSecond', title: `fan-out to ${CLIENTS} clients, delivered`, unit: 'M/s' }, serverCpu],
  hasCeiling: true,
  run: async (server, load, { warmUp, duration }) =>
    await load.run({
      scenario: 'fan-out',
      port: server.port,
      pid: server.pid,
      clients: CLIENTS,
      outstanding: OUTSTANDING,
      warmUp,
      duration,
    }),
};
