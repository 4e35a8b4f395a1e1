import type { LiveNode, LiveSample } from '../../ops/requests/live.js';
import { figuresOf } from './figures.js';
import { type Buckets, grown, longest, quantile, together } from './quantile.js';

/** Samples that are kept: a quarter of an hour. */
const LENGTH = 900;

/** Samples for which a late event loop is news. */
const LATENESS = 10;

/** What is drawn over time. */
export const LINES = [
  'messagesIn',
  'messagesOut',
  'events',
  'clients',
  'queueAge',
  'usual',
  'slowest',
  'bytesIn',
  'bytesOut',
  'load',
  'memory',
] as const;

export type Line = (typeof LINES)[number];

/** Of one node: what its counters have grown by in a second. */
export interface NodeRates {
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly events: number;
  /** Which part of the time its main thread was busy. */
  readonly load: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Milliseconds that its event loop was late, within the last seconds. */
  readonly late: number;
}

const NONE: NodeRates = {
  messagesIn: 0,
  messagesOut: 0,
  events: 0,
  load: 0,
  bytesIn: 0,
  bytesOut: 0,
  late: 0,
};

/** The last samples as lines, of a bounded length. */
export class History {
  /** Seconds since 1970. */
  readonly times: number[] = [];
  readonly lines = Object.fromEntries(LINES.map((line) => [line, [] as number[]])) as Record<Line, number[]>;
  /** Of each node, by its number. */
  rates: ReadonlyMap<number, NodeRates> = new Map();
  #last: LiveSample | undefined;
  /** Of each node, how late its event loop was in the last samples. */
  readonly #late = new Map<number, number[]>();

  add(sample: LiveSample): void {
    const before = this.#last;
    this.#last = sample;
    if (before === undefined) return;
    const seconds = (sample.time - before.time) / 1000;
    // the clock was set back
    if (seconds <= 0) return;
    this.rates = new Map(
      sample.nodes.map((node) => {
        const earlier = before.nodes.find(({ number }) => number === node.number);
        const rates = ratesOf(earlier, node, seconds);
        return [node.number, { ...rates, late: this.#lateness(node.number, rates.late) }];
      }),
    );
    const all = [...this.rates.values()];
    const figures = figuresOf(sample);
    this.times.push(sample.time / 1000);
    this.#push('messagesIn', sum(all, 'messagesIn'));
    this.#push('messagesOut', sum(all, 'messagesOut'));
    this.#push('events', sum(all, 'events'));
    this.#push('load', Math.max(0, ...all.map(({ load }) => load)));
    this.#push('clients', figures.clients);
    this.#push('queueAge', figures.queueAge);
    this.#push('bytesIn', sum(all, 'bytesIn'));
    this.#push('bytesOut', sum(all, 'bytesOut'));
    const durations = together(durationsOf(before, sample));
    this.#push('usual', durations === undefined ? 0 : quantile(durations, 0.5));
    this.#push('slowest', durations === undefined ? 0 : quantile(durations, 0.99));
    this.#push('memory', figures.memory);
    if (this.times.length <= LENGTH) return;
    this.times.shift();
    for (const line of LINES) this.lines[line].shift();
  }

  /** The newest of a line. */
  last(line: Line): number {
    return this.lines[line].at(-1) ?? 0;
  }

  #lateness(number: number, late: number): number {
    const lately = [...(this.#late.get(number) ?? []), late].slice(-LATENESS);
    this.#late.set(number, lately);
    return Math.max(...lately);
  }

  #push(line: Line, value: number): void {
    this.lines[line].push(value);
  }
}

function ratesOf(before: LiveNode | undefined, after: LiveNode, seconds: number): NodeRates {
  // another process counts from the beginning
  if (!before?.now || !after.now || before.pid !== after.pid) return NONE;
  const [earlier, later] = [before.now, after.now];
  const [from, to] = [earlier.status.counters, later.status.counters];
  return {
    messagesIn: (to.messagesIn - from.messagesIn) / seconds,
    messagesOut: (to.messagesOut - from.messagesOut) / seconds,
    events: (handledBy(after) - handledBy(before)) / seconds,
    load: Math.min(1, (later.active - earlier.active) / (seconds * 1000)),
    bytesIn: (later.bytesIn - earlier.bytesIn) / seconds,
    bytesOut: (later.bytesOut - earlier.bytesOut) / seconds,
    late: longest(grown(earlier.delays, later.delays, later.bounds)),
  };
}

/** How long handlers took between two samples, node by node. */
function durationsOf(before: LiveSample, { nodes }: LiveSample): Buckets[] {
  return nodes.flatMap(({ number, pid, now }) => {
    const earlier = before.nodes.find((node) => node.number === number && node.pid === pid);
    return now === null || !earlier?.now ? [] : [grown(earlier.now.durations, now.durations, now.bounds)];
  });
}

function handledBy({ now }: LiveNode): number {
  return now?.status.workers.reduce((total, { handled }) => total + handled, 0) ?? 0;
}

function sum(rates: readonly NodeRates[], name: keyof NodeRates): number {
  return rates.reduce((total, one) => total + one[name], 0);
}
