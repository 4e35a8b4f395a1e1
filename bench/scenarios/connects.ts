import { type Scenario, serverCpu } from './scenario.js';

const CLIENTS = 4000;
const WARM_UP_CLIENTS = 2000;

export const connects: Scenario = {
  name: 'connects',
  figures: [{ key: 'perSecond', title: 'connects, 100 at once', unit: 'k/s' }, serverCpu],
  hasCeiling: true,
  run: async (server, load) =>
    await load.run({
      scenario: 'connects',
      port: server.port,
      pid: server.pid,
      clients: CLIENTS,
      warmUpClients: WARM_UP_CLIENTS,
    }),
};
