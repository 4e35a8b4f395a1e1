import { countValue } from '../ring/bucket-counts.js';
import { checkDefinition, type Definition, refused, shown } from './definition.js';
import type { MetricType } from './metric.js';
import { type LabelValues, type SeriesStore, ThreadSeries } from './thread-series.js';

/** What a metric is, beside its name. */
export interface MetricOptions<Label extends string> {
  /** What it is, in a sentence. */
  readonly help: string;
  /** Names of labels, of which each has few values: `['room_kind']`, and never a room's name. Default: none. */
  readonly labelNames?: readonly Label[];
}

export interface HistogramOptions<Label extends string> extends MetricOptions<Label> {
  /** Upper bounds, ascending. Default: from 0.0001 to 10, for seconds. */
  readonly buckets?: readonly number[];
}

/** A value for each of the metric's labels; nothing for one that has none. */
export type LabelsOf<Label extends string> = [Label] extends [never]
  ? never
  : Readonly<Record<Label, string | number>>;

/** Goes up: how often something has happened. */
export interface Counter<Label extends string = never> {
  /** @throws GW_METRIC for less than 0, or labels that are not the metric's */
  inc(value?: number): void;
  inc(labels: LabelsOf<Label>, value?: number): void;
}

/** Goes up and down: how many there are. Of all workers, the sum. */
export interface Gauge<Label extends string = never> {
  /** @throws GW_METRIC for what is no number, or labels that are not the metric's */
  set(value: number): void;
  set(labels: LabelsOf<Label>, value: number): void;
  inc(value?: number): void;
  inc(labels: LabelsOf<Label>, value?: number): void;
  dec(value?: number): void;
  dec(labels: LabelsOf<Label>, value?: number): void;
}

/** Counts values by how large they are: mostly how long something took, in seconds. */
export interface Histogram<Label extends string = never> {
  /** @throws GW_METRIC for what is no number, or labels that are not the metric's */
  observe(value: number): void;
  observe(labels: LabelsOf<Label>, value: number): void;
}

/** Makes the application's own metrics: once each, where the code is loaded. They are told with the node's. */
export interface Metrics {
  /** @param name ends in `_total` @throws GW_METRIC */
  counter<const Label extends string = never>(name: string, options: MetricOptions<Label>): Counter<Label>;
  /** @throws GW_METRIC */
  gauge<const Label extends string = never>(name: string, options: MetricOptions<Label>): Gauge<Label>;
  /** @param name with its unit, such as `chat_search_seconds` @throws GW_METRIC */
  histogram<const Label extends string = never>(
    name: string,
    options: HistogramOptions<Label>,
  ): Histogram<Label>;
}

/** Where no node runs, as in tests of a part of an application: counted, and told nobody. */
let store: SeriesStore = new ThreadSeries({ onSeries: () => {}, onRefused: () => {} });

/** From now on what is counted in this thread is the node's. @returns where it was counted before */
export function attachMetrics(series: SeriesStore): SeriesStore {
  const before = store;
  store = series;
  return before;
}

export const metrics: Metrics = {
  counter: (name, options) => new UserMetric('counter', name, options),
  gauge: (name, options) => new UserMetric('gauge', name, options),
  histogram: (name, options) => new UserMetric('histogram', name, options),
};

type Given = number | LabelValues;

const NO_LABELS: LabelValues = {};

/** All three: which calls there are, its type says. */
class UserMetric implements Counter, Gauge, Histogram {
  readonly #definition: Definition;

  constructor(type: MetricType, name: string, options: MetricOptions<string>) {
    this.#definition = checkDefinition(type, name, options);
    store.define(this.#definition);
  }

  inc(first: Given = 1, second = 1): void {
    const value = this.#number(first, second);
    const { type, name } = this.#definition;
    if (type === 'counter' && value < 0)
      throw refused(`The counter ${name} was to be increased by ${value}`, '0 or more, or a gauge');
    this.#add(first, value);
  }

  dec(first: Given = 1, second = 1): void {
    this.#add(first, -this.#number(first, second));
  }

  set(first: Given, second?: number): void {
    const value = this.#number(first, second);
    const values = this.#values(first);
    if (values !== undefined) values[0] = value;
  }

  observe(first: Given, second?: number): void {
    const value = this.#number(first, second);
    const values = this.#values(first);
    if (values !== undefined) countValue(values, this.#definition.bounds as readonly number[], value);
  }

  #add(first: Given, value: number): void {
    const values = this.#values(first);
    if (values !== undefined) values[0] += value;
  }

  #values(first: Given): Float64Array | undefined {
    return store.valuesOf(this.#definition, typeof first === 'object' ? first : NO_LABELS);
  }

  #number(first: Given, second: unknown): number {
    const value = typeof first === 'object' && first !== null ? second : first;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw refused(`${this.#definition.name} was given ${shown(value)} as its value`, 'a finite number');
  }
}
