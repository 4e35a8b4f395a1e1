import { bucketsLength } from '../ring/bucket-counts.js';
import { METRICS_REFUSED } from './catalogue.js';
import { type Definition, isSame, refused, shown } from './definition.js';

/** Series of one thread, of all its metrics together: each takes memory there, in the main thread, and in Prometheus. */
export const MOST_SERIES = 1000;
/** Metrics of one thread: more are no metrics, but something that is made anew all the time. */
const MOST_METRICS = 500;
/** Characters. */
const LONGEST_VALUE = 200;
const SEPARATOR = '\0';

/** A metric with certain labels, whose values a thread counts in shared memory: so they can be read when it has died. */
export interface SharedSeries {
  readonly definition: Definition;
  /** In the order of the definition's labelNames. */
  readonly labelValues: readonly string[];
  /** One double; of a histogram what ring/bucket-counts.ts draws. */
  readonly values: Float64Array;
}

export type LabelValues = Readonly<Record<string, string | number>>;

/** Where metrics of the application are counted. */
export interface SeriesStore {
  /** A metric is made. @throws GW_METRIC when another one is called the same */
  define(definition: Definition): void;
  /**
   * The values of a metric with these labels, to be counted up; undefined when there is no room for another series, which
   * is counted.
   *
   * @throws GW_METRIC when the labels are not the metric's
   */
  valuesOf(definition: Definition, labels: LabelValues): Float64Array | undefined;
}

export interface ThreadSeriesOptions {
  /** There is another series. */
  readonly onSeries: (series: SharedSeries) => void;
  /** Something is not counted. */
  readonly onRefused: (metric: string, why: string) => void;
}

/** What the application's code counts in one thread. */
export class ThreadSeries implements SeriesStore {
  readonly #options: ThreadSeriesOptions;
  /** By their families. */
  readonly #metrics = new Map<
    string,
    { readonly definition: Definition; readonly series: Map<string, Float64Array> }
  >();
  #size = 0;
  #refused: Float64Array | undefined;

  constructor(options: ThreadSeriesOptions) {
    this.#options = options;
  }

  define(definition: Definition): void {
    this.#metric(definition);
    // one that has no labels is there from the beginning, with 0
    if (definition.labelNames.length === 0) this.valuesOf(definition, {});
  }

  valuesOf(definition: Definition, labels: LabelValues): Float64Array | undefined {
    const { series } = this.#metric(definition);
    return series.get(keyOf(definition, labels)) ?? this.#open(definition, labels, series);
  }

  #metric(definition: Definition): { readonly series: Map<string, Float64Array> } {
    const { family } = definition;
    let metric = this.#metrics.get(family);
    if (metric === undefined) {
      if (this.#metrics.size >= MOST_METRICS) throw tooMany(definition);
      metric = { definition, series: new Map() };
      this.#metrics.set(family, metric);
    } else if (metric.definition !== definition && !isSame(metric.definition, definition)) {
      throw conflict(metric.definition, definition);
    }
    return metric;
  }

  #open(
    definition: Definition,
    labels: LabelValues,
    series: Map<string, Float64Array>,
  ): Float64Array | undefined {
    const unknown = Object.keys(labels).find((label) => !definition.labelNames.includes(label));
    if (unknown !== undefined) throw unknownLabel(definition.name, unknown, definition.labelNames);
    // what is not the same everywhere would be two series for Prometheus that look like one
    const labelValues = definition.labelNames.map((label) =>
      String(labels[label]).toWellFormed().replaceAll(SEPARATOR, '\uFFFD'),
    );
    const key = labelValues.join(SEPARATOR);
    const known = series.get(key);
    if (known !== undefined) return known;
    const problem = this.#problemOf(labelValues);
    if (problem !== undefined) {
      this.#refuse(definition, problem);
      return undefined;
    }
    this.#size++;
    const values = this.#share(definition, labelValues);
    series.set(key, values);
    return values;
  }

  #problemOf(labelValues: readonly string[]): string | undefined {
    const long = labelValues.find((value) => value.length > LONGEST_VALUE);
    if (long !== undefined) return `a label of ${long.length} characters; expected ${LONGEST_VALUE} at most`;
    if (this.#size < MOST_SERIES) return undefined;
    return `one more than ${MOST_SERIES} label values, of all metrics of this worker together; expected labels that have few, and never a client's, a user's or a room's name`;
  }

  #refuse({ name }: Definition, problem: string): void {
    this.#refused ??= this.#share(METRICS_REFUSED, []);
    this.#refused[0]++;
    this.#options.onRefused(name, `${name} is not counted for ${problem}`);
  }

  #share(definition: Definition, labelValues: readonly string[]): Float64Array {
    const length = definition.bounds === undefined ? 1 : bucketsLength(definition.bounds);
    const values = new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));
    this.#options.onSeries({ definition, labelValues, values });
    return values;
  }
}

/** @throws GW_METRIC for a label that is missing, or no text or number */
function keyOf({ name, labelNames }: Definition, labels: LabelValues): string {
  if (labelNames.length === 1) return textOf(name, labelNames[0], labels);
  if (labelNames.length === 0) {
    const [label] = Object.keys(labels);
    if (label !== undefined) throw unknownLabel(name, label, labelNames);
  }
  let key = '';
  for (let index = 0; index < labelNames.length; index++) {
    if (index > 0) key += SEPARATOR;
    key += textOf(name, labelNames[index], labels);
  }
  return key;
}

function textOf(name: string, label: string, labels: LabelValues): string {
  const value: unknown = labels[label];
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw refused(`${name} was given ${shown(value)} as its label ${label}`, 'a string or number');
}

function unknownLabel(name: string, label: string, labelNames: readonly string[]): Error {
  return refused(`${name} was given the label ${label}`, `only its own: ${listed(labelNames)}`);
}

function tooMany({ name }: Definition): Error {
  return refused(
    `${name} is made, and there are ${MOST_METRICS} metrics already`,
    'each to be made once, where the code is loaded, and what differs to be a label',
  );
}

function conflict(known: Definition, other: Definition): Error {
  return refused(
    `${textOfDefinition(other)} is made, and there is ${textOfDefinition(known)} already`,
    'one metric by that name, made in one place',
  );
}

function textOfDefinition({ type, name, labelNames, bounds }: Definition): string {
  const buckets = bounds === undefined ? '' : ` and the buckets ${bounds.join(', ')}`;
  return `a ${type} ${name} with the labels ${listed(labelNames)}${buckets}`;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? '(none)' : names.join(', ');
}
