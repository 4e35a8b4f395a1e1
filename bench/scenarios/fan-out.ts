import type { Figures } from '../load/orders.js';
import { inCluster } from './cluster.js';
import { type Scenario, type Trial, holds, plainStart, serverCpu } from './scenario.js';

const CLIENTS = 1000;
/** Messages to all on their way: enough that a server that gathers what it sends can; more gains nothing. */
const MOST_OUTSTANDING = 256;
/** The same for messages to a group of a tenth of the clients: as many for each client. */
const MOST_TO_GROUPS = MOST_OUTSTANDING * 10;
/** Broadcasts a second. */
const PACES = [1, 10, 100];

const delivered = { key: 'perSecond', title: 'delivered a second', unit: 'M/s' } as const;
const latencies = [
  { key: 'p50', title: 'half within', unit: 'ms' },
  { key: 'p99', title: '99 % within', unit: 'ms' },
] as const;

const common = { figures: [delivered, serverCpu], options: plainStart, admits: holds(CLIENTS) };

export const fanOut: Scenario = {
  ...common,
  name: 'fan-out',
  title: `fan-out to ${CLIENTS} clients`,
  hasCeiling: true,
  fullOnly: false,
  run: async (trial) => await atFullSpeed(trial, 'all', MOST_OUTSTANDING),
};

/** The same to clients that speak something else. */
export const fanOutSocketIo: Scenario = {
  ...fanOut,
  name: 'socket-io-fan-out',
  title: `fan-out to ${CLIENTS} clients of Socket.IO`,
};

/** What client 0 sends is carried to the other nodes once each, not once for each client. */
export const fanOutInCluster = inCluster({ ...fanOut, name: 'cluster-fan-out' });

export const fanOutTls: Scenario = {
  ...common,
  name: 'fan-out-wss',
  title: `the same over wss`,
  hasCeiling: true,
  fullOnly: true,
  options: { ...plainStart, tls: true },
  run: async (trial) => await atFullSpeed(trial, 'all', MOST_OUTSTANDING),
};

export const fanOutGroups: Scenario = {
  ...common,
  name: 'fan-out-groups',
  title: `fan-out to 100 groups of 100 among ${CLIENTS} clients, each in 10`,
  hasCeiling: true,
  fullOnly: false,
  run: async (trial) => await atFullSpeed(trial, 'groups', MOST_TO_GROUPS),
};

/** What a user sees while a server has little to do. */
export const fanOutPaced: Scenario = {
  ...common,
  name: 'fan-out-paced',
  title: `fan-out to ${CLIENTS} clients, so many broadcasts a second`,
  figures: PACES.map((pace) => ({ key: `p99 ${pace}`, title: `${pace}/s: 99 % within`, unit: 'ms' })),
  hasCeiling: false,
  fullOnly: true,
  async run(trial) {
    const figures: Figures = {};
    for (const pace of PACES) {
      const { p50, p99 } = await atPace(trial, pace);
      Object.assign(figures, { [`p50 ${pace}`]: p50, [`p99 ${pace}`]: p99 });
    }
    return figures;
  },
};

/** Both at half of what the slower one can: where neither has more than it can do. */
export function fanOutHalf(ours: string, peer: string): Scenario {
  return {
    ...common,
    name: `fan-out-half-${peer.toLowerCase().replaceAll(/\W/g, '-')}`,
    title: `fan-out to ${CLIENTS} clients, at half of what the slower of ${ours} and ${peer} can`,
    figures: [latencies[1], latencies[0], delivered],
    hasCeiling: false,
    fullOnly: true,
    follows: fanOut,
    admits: ({ name }) => name === ours || name === peer,
    run: async (trial) => {
      const slower = Math.min(...[ours, peer].map((name) => trial.earlier(name, 'perSecond')));
      return await atPace(trial, slower / 2 / CLIENTS);
    },
  };
}

async function atFullSpeed(
  { server: { target }, load, effort: { warmUp, duration } }: Trial,
  audience: 'all' | 'groups',
  mostOutstanding: number,
): Promise<Figures> {
  const pace = { mostOutstanding };
  return await load.run({ scenario: 'fan-out', target, clients: CLIENTS, audience, pace, warmUp, duration });
}

async function atPace(
  { server: { target }, load, effort: { warmUp, duration } }: Trial,
  perSecond: number,
): Promise<Figures> {
  const pace = { perSecond };
  return await load.run({
    scenario: 'fan-out',
    target,
    clients: CLIENTS,
    audience: 'all',
    pace,
    warmUp,
    // at least one broadcast
    duration: Math.max(duration, 2 / perSecond),
  });
}
