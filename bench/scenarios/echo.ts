import { type Figure, type Scenario, holds, plainStart, serverCpu } from './scenario.js';

const CLIENTS = 100;
/** Those of the mixed crowd. */
const FEW = 500;
const MANY_IDLE = 4500;

const latencies: readonly Figure[] = [
  { key: 'p50', title: 'half within', unit: 'ms' },
  { key: 'p99', title: '99 % within', unit: 'ms' },
];

interface Crowd {
  readonly name: string;
  readonly title: string;
  readonly clients: number;
  readonly idleClients: number;
  readonly inFlight: number;
}

function echoScenario(
  { name, title, clients, idleClients, inFlight }: Crowd,
  more: Pick<Scenario, 'hasCeiling' | 'fullOnly'>,
): Scenario {
  return {
    name,
    title,
    figures: [{ key: 'perSecond', title: 'a second', unit: 'k/s' }, serverCpu, ...latencies],
    ...more,
    options: plainStart,
    admits: holds(clients + idleClients),
    run: async ({ server: { target }, load, effort: { warmUp, duration } }) =>
      await load.run({ scenario: 'echo', target, clients, idleClients, inFlight, warmUp, duration }),
  };
}

export const echo1 = echoScenario(
  {
    name: 'echo-1',
    title: `echo, ${CLIENTS} clients, 1 in flight`,
    clients: CLIENTS,
    idleClients: 0,
    inFlight: 1,
  },
  { hasCeiling: true, fullOnly: false },
);

export const echo16 = echoScenario(
  {
    name: 'echo-16',
    title: `echo, ${CLIENTS} clients, 16 in flight`,
    clients: CLIENTS,
    idleClients: 0,
    inFlight: 16,
  },
  { hasCeiling: true, fullOnly: false },
);

/** Most connections of a chat or of devices do nothing most of the time. */
export const mixed = echoScenario(
  {
    name: 'mixed',
    title: `echo, ${FEW} clients, 1 in flight, beside ${MANY_IDLE} idle ones`,
    clients: FEW,
    idleClients: MANY_IDLE,
    inFlight: 1,
  },
  { hasCeiling: false, fullOnly: true },
);
