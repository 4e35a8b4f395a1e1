import { type Figure, type Scenario, serverCpu } from './scenario.js';

const CLIENTS = 100;

function echoScenario(inFlight: number, latencies: readonly Figure[]): Scenario {
  const title = `echo, ${CLIENTS} clients, ${inFlight} in flight`;
  return {
    name: `echo-${inFlight}`,
    figures: [{ key: 'perSecond', title, unit: 'k/s' }, serverCpu, ...latencies],
    hasCeiling: true,
    run: async (server, load, { warmUp, duration }) =>
      await load.run({
        scenario: 'echo',
        port: server.port,
        pid: server.pid,
        clients: CLIENTS,
        inFlight,
        warmUp,
        duration,
      }),
  };
}

export const echo1 = echoScenario(1, [
  { key: 'p50', title: '  half of the answers within', unit: 'ms' },
  { key: 'p99', title: '  99 % of the answers within', unit: 'ms' },
]);

export const echo16 = echoScenario(16, []);
