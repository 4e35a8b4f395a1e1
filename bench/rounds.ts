import { LoadProcess } from './load/load-process.js';
import { type Failure, type Sample, valuesOf } from './report/results.js';
import { median } from './report/statistics.js';
import type { Effort, Scenario } from './scenarios/scenario.js';
import type { Contestant } from './servers/server.js';

interface Turn {
  readonly scenario: Scenario;
  readonly contestant: Contestant;
  readonly round: number;
}

/**
 * Every server through every scenario, round by round, so that what else happens on the machine hits all alike. The
 * first to go is another one in each round. What goes wrong for one server does not keep the others from being measured.
 */
export class Rounds {
  readonly samples: Sample[] = [];
  readonly failures: Failure[] = [];
  readonly #turns: readonly Turn[];
  readonly #contestants: readonly Contestant[];
  readonly #effort: Effort;
  #load: LoadProcess | undefined;

  /** @param ceiling measured once, before the first round, where that says something */
  constructor(
    scenarios: readonly Scenario[],
    contestants: readonly Contestant[],
    ceiling: Contestant,
    effort: Effort,
  ) {
    this.#contestants = contestants;
    this.#effort = effort;
    const turns: Turn[] = scenarios
      .filter(({ hasCeiling }) => hasCeiling)
      .map((scenario) => ({ scenario, contestant: ceiling, round: 0 }));
    for (let round = 0; round < effort.rounds; round++) {
      const first = round % contestants.length;
      const order = [...contestants.slice(first), ...contestants.slice(0, first)];
      for (const scenario of scenarios) {
        for (const contestant of order) {
          if (scenario.admits(contestant, effort)) turns.push({ scenario, contestant, round });
        }
      }
    }
    this.#turns = turns;
  }

  get trials(): number {
    return this.#turns.length;
  }

  /** @param onTrial told what is measured next */
  async run(onTrial: (what: string) => void): Promise<void> {
    for (const contestant of this.#contestants) await contestant.prepare?.();
    try {
      for (const turn of this.#turns) {
        onTrial(`${turn.scenario.name}, ${turn.contestant.name}`);
        await this.#take(turn);
      }
    } finally {
      await this.#load?.stop();
    }
  }

  async #take({ scenario, contestant, round }: Turn): Promise<void> {
    const place = { scenario: scenario.name, server: contestant.name, round };
    try {
      this.samples.push({ ...place, figures: await this.#measure(scenario, contestant) });
    } catch (error) {
      this.failures.push({ ...place, error: (error as Error).message });
      // it may be in the middle of something
      await this.#load?.stop();
      this.#load = undefined;
    }
  }

  async #measure(scenario: Scenario, contestant: Contestant): Promise<Sample['figures']> {
    this.#load ??= new LoadProcess();
    const server = await contestant.start(scenario.options);
    try {
      return await scenario.run({
        server,
        load: this.#load,
        effort: this.#effort,
        earlier: (name, key) => this.#earlier(scenario, name, key),
      });
    } finally {
      await server.stop();
    }
  }

  #earlier({ follows }: Scenario, server: string, key: string): number {
    const values =
      follows === undefined ? [] : [...valuesOf(this.samples, follows.name, server, key).values()];
    if (values.length === 0)
      throw new Error(`there is nothing to go by: ${server} has no ${follows?.name} yet`);
    return median(values);
  }
}
