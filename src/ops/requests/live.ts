import type { GroupFacts } from './group-status.js';
import type { AskedMember, RequestEntry } from './request-entry.js';
import type { MemberStatus, NodeStatus } from './status.js';

/** How a node, or each node of a group, is at one moment: what the admin page shows as it changes. */
export interface LiveSample {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly nodes: readonly LiveNode[];
  /** What the first process of a group knows by itself; missing for a node of its own. */
  readonly group?: GroupFacts;
}

export interface LiveNode extends Pick<MemberStatus, 'name' | 'pid' | 'state' | 'restarts' | 'lastExit'> {
  /** Within its group, from 0. */
  readonly number: number;
  /** Null when it does not answer. */
  readonly now: NodeNow | null;
}

/** How a node is at this moment. */
export interface NodeNow {
  readonly status: NodeStatus;
  /** Milliseconds that the main thread's event loop was not idle, since the process started. */
  readonly active: number;
  /** Bytes that came from clients, and that went to them, since it started. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** How long the handlers of all workers took, and how late the main thread's event loop came round. */
  readonly durations: readonly number[];
  readonly delays: readonly number[];
  /** Seconds, ascending: the buckets of both. Each counts up to its bound; then come those beyond, and the sum. */
  readonly bounds: readonly number[];
  /** The threads of each slot, in the order of their start: more than one during a takeover. */
  readonly threads: readonly SlotThreads[];
}

export interface SlotThreads {
  readonly slot: number;
  readonly threads: readonly SlotThread[];
}

export interface SlotThread {
  /** Its number within the slot: the next one has the next. */
  readonly thread: number;
  /** `starting`: it is to take over; `finishing`: another one has, and it still has handlers that are pending. */
  readonly role: 'starting' | 'serving' | 'finishing';
}

const args = {};

/** `{"command":"live"}`: a LiveSample. */
export const liveRequest: RequestEntry<typeof args, LiveSample> = {
  args,
  changes: false,
  ofNode(node) {
    const now = node.now();
    const { name, pid } = now.status;
    const own = { number: 0, name, pid, state: 'up', restarts: 0, lastExit: null, now } as const;
    return { time: Date.now(), nodes: [own] };
  },
  async ofGroup(group) {
    const nodes = await Promise.all(group.members.map(nodeOf));
    return { time: Date.now(), nodes, group: group.facts() };
  },
};

async function nodeOf(member: AskedMember): Promise<LiveNode> {
  const sample = await member.answerTo({ command: 'live' });
  // as it is when it has answered: others may take longer
  const { number, name, pid, state, restarts, lastExit } = member;
  const now = sample?.nodes[0].now ?? null;
  const shown = state === 'up' && now === null ? 'silent' : state;
  return { number, name, pid, state: shown, restarts, lastExit, now };
}
