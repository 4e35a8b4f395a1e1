import type { LoadProcess } from '../load/load-process.js';
import type { Figures, Timing } from '../load/orders.js';
import type { Contestant, RunningServer, StartOptions } from '../servers/server.js';

/** How much time to spend. */
export interface Effort extends Timing {
  readonly rounds: number;
  /** Clients that are only there. */
  readonly idleClients: number;
}

/** One figure of a scenario, and how it is shown. */
export interface Figure {
  /** Its name in {@link Figures}. */
  readonly key: string;
  readonly title: string;
  readonly unit: 'M/s' | 'k/s' | 'ms' | 'µs' | 'bytes' | 'KB' | '%';
}

/** Beside a rate: what the server's processes spend on each. */
export const serverCpu: Figure = { key: 'serverCpu', title: 'processor time each', unit: 'µs' };

/** One server put through one scenario. */
export interface Trial {
  readonly server: RunningServer;
  readonly load: LoadProcess;
  readonly effort: Effort;
  /** The median that a server has in the scenario that this one {@link Scenario.follows}, over the rounds so far. */
  readonly earlier: (server: string, key: string) => number;
}

/** Something that every server is put through. Each gets a fresh process for it, in each round. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** The first is what the chart shows, and where a rate is, more is better. */
  readonly figures: readonly Figure[];
  /** Whether the load generator's own ceiling says something about it. */
  readonly hasCeiling: boolean;
  /** Whether a short run leaves it out. */
  readonly fullOnly: boolean;
  /** Measured before it in each round, because its figures are needed. */
  readonly follows?: Scenario;
  readonly options: StartOptions;
  /** Who can take part. */
  admits(contestant: Contestant, effort: Effort): boolean;
  run(trial: Trial): Promise<Figures>;
}

export const plainStart: StartOptions = {
  nodes: 1,
  tls: false,
  compression: false,
  socketIo: false,
  probe: false,
};

/** Servers that hold so many clients. */
export function holds(clients: number): Scenario['admits'] {
  return ({ mostClients = Infinity }) => clients <= mostClients;
}
