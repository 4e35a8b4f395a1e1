import type { LiveNode, LiveSample } from '../../ops/requests/live.js';
import { figuresOf } from './figures.js';

/** Samples that are kept: a quarter of an hour. */
const LENGTH = 900;

/** What is drawn over time. */
export const LINES = [
  'messagesIn',
  'messagesOut',
  'events',
  'clients',
  'queueAge',
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
}

const NONE: NodeRates = { messagesIn: 0, messagesOut: 0, events: 0, load: 0 };

/** The last samples as lines, of a bounded length. */
export class History {
  /** Seconds since 1970. */
  readonly times: number[] = [];
  readonly lines = Object.fromEntries(LINES.map((line) => [line, [] as number[]])) as Record<Line, number[]>;
  /** Of each node, by its number. */
  rates: ReadonlyMap<number, NodeRates> = new Map();
  #last: LiveSample | undefined;

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
        return [node.number, ratesOf(earlier, node, seconds)];
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
    this.#push('memory', figures.memory);
    if (this.times.length <= LENGTH) return;
    this.times.shift();
    for (const line of LINES) this.lines[line].shift();
  }

  /** The newest of a line. */
  last(line: Line): number {
    return this.lines[line].at(-1) ?? 0;
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
  };
}

function handledBy({ now }: LiveNode): number {
  return now?.status.workers.reduce((total, { handled }) => total + handled, 0) ?? 0;
}

function sum(rates: readonly NodeRates[], name: keyof NodeRates): number {
  return rates.reduce((total, one) => total + one[name], 0);
}
