import { GatewayError } from '../base/errors.js';
import { type DatabaseCounts, sumOfCounts } from '../base/thread-databases.js';
import type { CompiledEvents } from '../bundle/events-bundle.js';
import type { SlotLink } from '../link/slot-link.js';
import type { GatewayState } from '../link/gateway-state.js';
import { SeriesSums } from '../metrics/series-sums.js';
import { MOST_SERIES } from '../metrics/thread-series.js';
import { SECONDS, addValues, bucketsLength } from '../ring/bucket-counts.js';
import type { ThreadGauge } from '../ring/thread-gauge.js';
import { Generation } from './generation.js';
import type { SlotContext } from './slot-context.js';
import type { SlotReport } from './slot-report.js';

/** Threads of one slot that live at once: one serves, the others finish what they began. */
const MOST_THREADS = 16;

/** Why a thread is not started, or ended before it was ready. */
export const STOPPING = 'the node is stopping';

export interface GenerationsOptions {
  readonly slot: number;
  readonly context: SlotContext;
  readonly link: SlotLink;
  /** The gateways that there are, and how they are. */
  readonly gateways: () => readonly GatewayState[];
  readonly report: SlotReport;
}

/** Who is told of the threads. */
export interface GenerationsOwner {
  /** A handler that was pending when the thread retired is done. */
  released(generation: Generation, clientId: string): void;
  /** The thread is gone: with an error, unless it ended in good order. */
  ended(generation: Generation, error: Error | undefined): void;
}

/** A slot's threads that live, whether they serve or not, and what all have done, those that are gone included. */
export class Generations {
  readonly #options: GenerationsOptions;
  readonly #owner: GenerationsOwner;
  readonly #living = new Set<Generation>();
  #closed = false;
  /** Of the threads that are gone. */
  #handled = 0;
  #errors = 0;
  #refused = 0;
  #lost = 0;
  #databases: DatabaseCounts | undefined;
  #active = 0;
  readonly #durations = new Float64Array(bucketsLength(SECONDS));
  readonly #delays = new Float64Array(bucketsLength(SECONDS));
  /** What their code has counted; gauges went with them. */
  readonly past = new SeriesSums(MOST_SERIES);

  constructor(options: GenerationsOptions, owner: GenerationsOwner) {
    this.#options = options;
    this.#owner = owner;
  }

  /** Those that live. */
  [Symbol.iterator](): Iterator<Generation> {
    return this.#living.values();
  }

  /** Whether it lives. */
  has(generation: Generation): boolean {
    return this.#living.has(generation);
  }

  /** @throws GW_CONTROL when so many live that none is to be started for another code */
  checkRoom(): void {
    if (this.#living.size < MOST_THREADS) return;
    throw new GatewayError(
      'GW_CONTROL',
      `Worker ${this.#options.slot} has ${MOST_THREADS} threads that still finish handlers of older code: expected fewer. Reload again when some of them are done.`,
    );
  }

  /** Starts a thread. @throws GW_EVENTS_COMPILE when the code cannot be written, GW_CONTROL when no further one is to be started */
  async launch(bundle: CompiledEvents): Promise<Generation> {
    const { slot, context, link, gateways } = this.#options;
    const { startThread, task, clock, log, writeLine, startTimeout } = context;
    await bundle.write();
    if (this.#closed) throw stopping();
    const generation: Generation = new Generation({
      startThread,
      memory: link.attach(),
      bundle,
      task: { ...task, slot, gateways: gateways() },
      startTimeout,
      clock,
      log,
      writeLine,
      onReleased: (clientId) => this.#owner.released(generation, clientId),
    });
    this.#living.add(generation);
    void generation.ended.then((error) => this.#ended(generation, error));
    return generation;
  }

  /** No further one is started. */
  close(): void {
    this.#closed = true;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Events handled. */
  get handled(): number {
    return this.#handled + this.#sum(({ done }) => done);
  }

  /** Handlers that threw or rejected. */
  get errors(): number {
    return this.#errors + this.#sum(({ errors }) => errors);
  }

  /** Messages with names that were not taken. */
  get refused(): number {
    return this.#refused + this.#sum(({ refused }) => refused);
  }

  /** Handlers that wait for a promise. */
  get pending(): number {
    return this.#sum(({ pending }) => pending);
  }

  /** Events that were begun, and not done when their thread was gone. */
  get lost(): number {
    return this.#lost;
  }

  /** What their databases do and have done; undefined when none has used one. */
  get databases(): DatabaseCounts | undefined {
    return sumOfCounts([this.#databases, ...Array.from(this.#living, ({ gauge }) => gauge.databases)]);
  }

  /** Seconds that their event loops were not idle. */
  get active(): number {
    return this.#active + this.#sum(({ active }) => active);
  }

  /** How long their handlers took: ring/bucket-counts.ts. */
  get durations(): number[] {
    return this.#counts(this.#durations, ({ durations }) => durations);
  }

  /** How late their event loops came round. */
  get delays(): number[] {
    return this.#counts(this.#delays, ({ delays }) => delays);
  }

  #counts(past: Float64Array, counts: (gauge: ThreadGauge) => Float64Array): number[] {
    const sum = past.slice();
    for (const { gauge } of this.#living) addValues(sum, counts(gauge));
    return [...sum];
  }

  #sum(value: (gauge: ThreadGauge) => number): number {
    let total = 0;
    for (const { gauge } of this.#living) total += value(gauge);
    return total;
  }

  #ended(generation: Generation, error: Error | undefined): void {
    const { link, report } = this.#options;
    link.detach(generation.number);
    this.#living.delete(generation);
    const { done, errors, refused, unfinished, databases, active, durations, delays } = generation.gauge;
    this.#handled += done;
    this.#errors += errors;
    this.#refused += refused;
    this.#lost += unfinished;
    this.#active += active;
    addValues(this.#durations, durations);
    addValues(this.#delays, delays);
    for (const series of generation.series) if (series.definition.type !== 'gauge') this.past.add(series);
    // its connections went with it
    const gone = databases && { ...databases, open: 0, busy: 0, waiting: 0 };
    this.#databases = sumOfCounts([this.#databases, gone]);
    if (unfinished > 0) {
      report.lost(generation.gauge);
      for (const event of generation.gauge.events) link.eventLost(event);
    }
    this.#owner.ended(generation, error);
  }
}

/** A slot that stops takes no new code. */
export function stopping(): GatewayError {
  return new GatewayError('GW_CONTROL', `A worker takes no new code: ${STOPPING}.`);
}
