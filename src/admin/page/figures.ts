import type { LiveNode, LiveSample } from '../../ops/requests/live.js';

/** What a sample says in a few numbers. */
export interface Figures {
  readonly name: string;
  readonly version: string;
  /** Seconds. */
  readonly uptime: number;
  readonly clients: number;
  readonly workers: number;
  readonly serving: number;
  /** Bytes. */
  readonly memory: number;
  /** Bytes of events that wait, and how long the oldest has: milliseconds. */
  readonly queueBytes: number;
  readonly queueAge: number;
  readonly pending: number;
}

export function figuresOf({ nodes, group }: LiveSample): Figures {
  const statuses = nodes.flatMap(({ now }) => now?.status ?? []);
  const workers = statuses.flatMap((status) => status.workers);
  const [first] = statuses;
  return {
    name: group?.name ?? first?.name ?? nodes[0]?.name ?? '',
    version: group?.version ?? first?.version ?? '',
    uptime: group?.uptime ?? first?.uptime ?? 0,
    clients: statuses.reduce((total, { connections }) => total + connections, 0),
    workers: workers.length,
    serving: workers.filter(({ state }) => state === 'serving').length,
    memory: statuses.reduce((total, { memory }) => total + memory.rss, 0),
    queueBytes: workers.reduce((total, { waitingBytes }) => total + waitingBytes, 0),
    queueAge: Math.max(0, ...workers.map(({ waitingFor }) => waitingFor)),
    pending: workers.reduce((total, { pending }) => total + pending, 0),
  };
}

/** Whether there are several nodes, so that each is to be named. */
export function isGroup({ group }: LiveSample): boolean {
  return group !== undefined;
}

/** The name of a node, or where there is but one nothing. */
export function nodeNamed(sample: LiveSample, { name }: Pick<LiveNode, 'name'>): string {
  return isGroup(sample) ? name : '';
}
