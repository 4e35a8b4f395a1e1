import type { LoadProcess } from '../load/load-process.js';
import type { Figures } from '../load/orders.js';
import type { RunningServer } from '../servers/server.js';

/** How much time to spend. */
export interface Effort {
  readonly rounds: number;
  /** Seconds. */
  readonly warmUp: number;
  readonly duration: number;
  readonly idleClients: number;
}

/** One line of the result's table. */
export interface Figure {
  /** Its name in {@link Figures}. */
  readonly key: string;
  readonly title: string;
  readonly unit: 'M/s' | 'k/s' | 'ms' | 'µs' | 'KB';
}

/** Beside a rate: what the server's process spends on it. */
export const serverCpu: Figure = { key: 'serverCpu', title: '  processor time for each', unit: 'µs' };

/** Something that every server is put through. Each gets a fresh process for it, in each round. */
export interface Scenario {
  readonly name: string;
  readonly figures: readonly Figure[];
  /** Whether the load generator's own ceiling says something about it. */
  readonly hasCeiling: boolean;
  run(server: RunningServer, load: LoadProcess, effort: Effort): Promise<Figures>;
}
