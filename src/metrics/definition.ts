import { GatewayError } from '../base/errors.js';
import { SECONDS } from '../ring/bucket-counts.js';
import { isSameShape, type MetricType } from './metric.js';

/** A metric of the application, as its code has made it. */
export interface Definition {
  readonly name: string;
  /** The name by which OpenMetrics knows it: without a counter's `_total`. */
  readonly family: string;
  readonly type: MetricType;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Of a histogram: see Metric. */
  readonly bounds?: readonly number[];
}

const NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Names of ours, and of what Prometheus' own libraries tell of a process. */
const OURS = /^(?:gatewayworker|process|nodejs)_/;
/** What Prometheus adds to the names of histograms and counters. */
const ADDED = /_(?:bucket|sum|count|created)$/;
/** Labels that Prometheus, or a group of nodes, gives. */
const OUR_LABELS: readonly string[] = ['le', 'quantile', 'node', 'job', 'instance'];
const MOST_LABELS = 8;
const MOST_BOUNDS = 50;

/** @throws GW_METRIC */
export function checkDefinition(type: MetricType, name: unknown, options: unknown): Definition {
  checkMetricName(type, name);
  const what = `${type} ${name}`;
  const { help, labelNames = [], buckets = SECONDS } = Object(options) as Partial<Record<string, unknown>>;
  if (typeof help !== 'string' || help.trim() === '') {
    throw refused(
      `The ${what} has ${shown(help)} as its help`,
      "a sentence that says what it is: { help: 'Messages said in rooms.' }",
    );
  }
  checkLabelNames(what, labelNames);
  const family = type === 'counter' ? name.replace(/_total$/, '') : name;
  const common = { name, family, type, help, labelNames: [...labelNames] };
  if (type !== 'histogram') return common;
  checkBuckets(what, buckets);
  return { ...common, bounds: [...buckets] };
}

/** Whether they are one metric: made in two places, or by two threads. */
export function isSame(one: Definition, other: Definition): boolean {
  return isSameShape(one, other) && String(one.labelNames) === String(other.labelNames);
}

function checkMetricName(type: MetricType, name: unknown): asserts name is string {
  const what = `A ${type} is called ${shown(name)}`;
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw refused(what, 'letters, digits and _ after a letter, such as chat_messages_total');
  }
  if (OURS.test(name)) {
    throw refused(what, 'another prefix, such as chat_: names with this one are the framework’s');
  }
  if (type === 'counter' && !name.endsWith('_total')) {
    throw refused(what, `a name that ends in _total, as counters do: ${name}_total`);
  }
  if (type !== 'counter' && name.endsWith('_total')) {
    throw refused(what, 'a name that does not end in _total, which is for counters');
  }
  if (ADDED.test(name)) {
    throw refused(
      what,
      'a name that does not end in _bucket, _sum, _count or _created, which Prometheus adds to others',
    );
  }
}

function checkLabelNames(what: string, labelNames: unknown): asserts labelNames is readonly string[] {
  if (!Array.isArray(labelNames) || labelNames.length > MOST_LABELS) {
    throw refused(
      `The ${what} has ${shown(labelNames)} as its labelNames`,
      `an array of at most ${MOST_LABELS} names: { labelNames: ['room_kind'] }`,
    );
  }
  for (const [index, label] of (labelNames as unknown[]).entries()) {
    const found = `The ${what} has a label called ${shown(label)}`;
    if (typeof label !== 'string' || !NAME.test(label) || label.startsWith('__')) {
      throw refused(found, 'letters, digits and _ after a letter, such as room_kind');
    }
    if (OUR_LABELS.includes(label))
      throw refused(found, `another name: ${OUR_LABELS.join(', ')} are given by others`);
    if (labelNames.indexOf(label) < index) throw refused(`${found} twice`, 'each once');
  }
}

function checkBuckets(what: string, buckets: unknown): asserts buckets is readonly number[] {
  const right =
    Array.isArray(buckets) &&
    buckets.length > 0 &&
    buckets.length <= MOST_BOUNDS &&
    buckets.every(
      (bound: unknown, index) =>
        typeof bound === 'number' &&
        Number.isFinite(bound) &&
        (index === 0 || bound > (buckets as number[])[index - 1]),
    );
  if (right) return;
  throw refused(
    `The ${what} has ${shown(buckets)} as its buckets`,
    `1 to ${MOST_BOUNDS} ascending numbers, the upper bounds: { buckets: [0.01, 0.1, 1] }`,
  );
}

export function refused(found: string, expected: string): GatewayError {
  return new GatewayError('GW_METRIC', `${found}; expected ${expected}.`);
}

/** Longest piece of what was found that an error quotes. */
const QUOTED = 60;

/** What was given, for a message. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // no text says more than its type
  }
  text ??= `a value of type ${typeof value}`;
  return text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
}
