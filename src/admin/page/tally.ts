import type { LiveSample } from '../../ops/requests/live.js';

/** Milliseconds over which what goes wrong is news. */
const WINDOW = 600_000;
/** Milliseconds between two counts that are kept. */
const STEP = 10_000;

/** What had been counted by then, by what and where. */
type Counts = ReadonlyMap<string, number>;

/** What is counted and should stay at 0, by its kind and whose it is. */
export interface Trouble {
  readonly kind:
    | 'errors'
    | 'lost'
    | 'dropped'
    | 'datagrams'
    | 'workerMessages'
    | 'log'
    | 'slow'
    | 'refused'
    | 'refusal'
    | 'peers'
    | 'restarts'
    | 'died'
    | 'database';
  /** The node's name, and of what the worker's number, or the kind that was refused. */
  readonly node: string;
  readonly detail: string;
  readonly count: number;
}

/** What went wrong lately: counters only ever say what did since the start. */
export class Tally {
  readonly #counts: { readonly at: number; readonly counts: Counts }[] = [];
  /** What had been counted when the page was opened, by key. */
  #first: Counts | undefined;

  add(sample: LiveSample): void {
    const last = this.#counts.at(-1);
    if (last !== undefined && sample.time - last.at < STEP) return;
    const counts = new Map(countsIn(sample).map((trouble) => [keyOf(trouble), trouble.count]));
    this.#first ??= counts;
    this.#counts.push({ at: sample.time, counts });
    while (this.#counts.length > 1 && sample.time - this.#counts[0].at > WINDOW) this.#counts.shift();
  }

  /** What has been counted since the beginning of the window, or since the page was opened. */
  lately(sample: LiveSample): Trouble[] {
    const [before] = this.#counts;
    if (before === undefined) return [];
    return countsIn(sample).flatMap((trouble) => {
      const earlier = before.counts.get(keyOf(trouble)) ?? 0;
      // a process that was started anew counts from the beginning
      const grown = trouble.count < earlier ? trouble.count : trouble.count - earlier;
      return grown > 0 ? [{ ...trouble, count: grown }] : [];
    });
  }

  /** What had been counted before the page was opened. */
  before(sample: LiveSample): Trouble[] {
    return countsIn(sample).flatMap((trouble) => {
      const count = this.#first?.get(keyOf(trouble)) ?? 0;
      return count > 0 && count <= trouble.count ? [{ ...trouble, count }] : [];
    });
  }
}

function keyOf({ kind, node, detail }: Trouble): string {
  return JSON.stringify([kind, node, detail]);
}

function countsIn({ nodes, group }: LiveSample): Trouble[] {
  const all = nodes.flatMap(({ name, restarts, now }): Trouble[] => {
    const own: Trouble[] = [{ kind: 'died', node: name, detail: '', count: restarts }];
    if (now === null) return own;
    const { counters, workers, log, cluster } = now.status;
    const of = (kind: Trouble['kind'], count: number, detail = ''): Trouble => ({
      kind,
      node: name,
      detail,
      count,
    });
    return [
      ...own,
      of('dropped', counters.messagesDropped),
      of('datagrams', counters.datagramsDropped),
      of('workerMessages', counters.workerMessagesDropped),
      of('slow', counters.slowClients),
      of('refused', counters.refusedConnections),
      of('log', log.lost),
      ...Object.entries(counters.refusals).map(([kind, count]) => of('refusal', count, kind)),
      ...Object.entries(cluster.refusals).map(([kind, count]) => of('peers', count, kind)),
      ...workers.flatMap(({ slot, errors, lost, restarts: replaced, database }) => [
        of('errors', errors, String(slot)),
        of('lost', lost, String(slot)),
        of('restarts', replaced, String(slot)),
        of('database', database?.errors ?? 0, String(slot)),
      ]),
    ];
  });
  const { log } = group ?? {};
  if (group !== undefined && log !== undefined)
    all.push({ kind: 'log', node: group.name, detail: '', count: log.lost });
  return all.filter(({ count }) => count > 0);
}
