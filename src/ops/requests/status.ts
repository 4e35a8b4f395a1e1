import type { DatabaseCounts } from '../../base/thread-databases.js';
import { groupStatus, type MemberReport } from './group-status.js';
import type { AskedMember, RequestEntry } from './request-entry.js';

/** What a node tells about itself: `gatewayworker status` and the control socket. Sizes in bytes. */
export interface NodeStatus {
  readonly name: string;
  readonly version: string;
  readonly nodejs: string;
  readonly pid: number;
  /** Seconds since the start. */
  readonly uptime: number;
  /** The machine's load averages: 1, 5 and 15 minutes. */
  readonly load: readonly number[];
  readonly memory: { readonly rss: number; readonly heapUsed: number; readonly external: number };
  readonly roles: readonly string[];
  readonly listeners: readonly ListenerStatus[];
  readonly connections: number;
  readonly counters: {
    readonly connections: number;
    readonly refusedConnections: number;
    readonly messagesIn: number;
    readonly messagesOut: number;
    readonly messagesDropped: number;
    readonly datagramsDropped: number;
    readonly workerMessagesDropped: number;
    readonly slowClients: number;
    readonly heartbeatDrops: number;
    /** What clients were refused, by kind: mostly their connections, for what they sent. */
    readonly refusals: Readonly<Record<string, number>>;
  };
  readonly reloads: number;
  /** Lines of the log that could not be written, and why the last one could not: a code of the system's. */
  readonly log: { readonly lost: number; readonly lastError: string | null };
  readonly workers: readonly WorkerStatus[];
  readonly cluster: ClusterStatus;
  /** How the admin listener is reached; missing where there is none, and for all but the status command. */
  readonly admin?: string;
  /** The nodes of a group (`start --nodes N`), whose sums the figures above are; missing for a node of its own. */
  readonly members?: readonly MemberStatus[];
}

/** A port, or unix socket, for clients. */
export interface ListenerStatus {
  readonly url: string;
  readonly connections: number;
  /** With TLS: when the first of its certificates expires, ISO 8601. Null without. */
  readonly certificate: { readonly validTo: string } | null;
}

/** One of the nodes of a group. */
export interface MemberStatus {
  readonly name: string;
  /** Null while there is no process. */
  readonly pid: number | null;
  /** `silent`: it runs, and does not answer; its figures are missing from the sums. */
  readonly state: 'starting' | 'up' | 'silent' | 'down';
  /** Seconds since its process is up. */
  readonly uptime: number;
  readonly memory: NodeStatus['memory'];
  readonly connections: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  /** Workers that serve. */
  readonly workers: number;
  /** How often a process of it that died was replaced. */
  readonly restarts: number;
  /** How the last process that died did; null when none has. */
  readonly lastExit: string | null;
}

/** What a node knows of the others. */
export interface ClusterStatus {
  /** The Register that this node hosts. */
  readonly register?: {
    readonly address: string;
    readonly gateways: readonly string[];
    /** How many connections it tells of gateways: one of each of our nodes, one of each PHP worker. */
    readonly workers: number;
  };
  /** The Registers that it asks. */
  readonly registers: readonly {
    readonly address: string;
    readonly state: string;
    readonly attempts: number;
    readonly lastError?: string;
  }[];
  /** The gateways of other nodes, as this node's workers reach them. */
  readonly gateways: readonly {
    readonly address: string;
    readonly node: string;
    readonly state: string;
    readonly legacy: boolean;
    readonly bufferedBytes: number;
    /** Sends to uids and groups that were not sent there, since it has no client of them. */
    readonly spared: number;
    readonly attempts: number;
    readonly lastError: string | null;
  }[];
  /** What joins this cell and others; missing without `cluster.backbone`. */
  readonly backbone?: BackboneStatus;
  /** The workers of other nodes, as this node's gateway reaches them. */
  readonly workers: readonly {
    readonly name: string;
    readonly address: string;
    readonly state: string;
    readonly legacy: boolean;
    readonly clients: number;
    readonly bufferedBytes: number;
  }[];
  /** Peers that were turned away on the inner port or the Register, by kind. */
  readonly refusals: Readonly<Record<string, number>>;
}

/** How a node and other cells reach each other. */
export interface BackboneStatus {
  /** Of this node. */
  readonly cell: string;
  readonly state: 'connected' | 'down';
  /** Seconds since that is so. */
  readonly since: number;
  /** The server that it is connected to; null while there is none. */
  readonly server: string | null;
  /** Why it is down, or was at last. */
  readonly lastError: string | null;
  /** That another gateway has the address of this node's, so that neither reaches the other's clients; null otherwise. */
  readonly conflict: string | null;
  /** What waits for the server, or for its confirmation. */
  readonly bufferedBytes: number;
  /** Frames that the server has taken, and those that were given up since it was away for long or refused them. */
  readonly published: number;
  readonly unsent: number;
  /** Subjects of names that are followed, since clients here have them. */
  readonly followed: number;
  readonly cells: readonly CellStatus[];
}

/** Another cell, as far as one node knows it. */
export interface CellStatus {
  readonly name: string;
  readonly gateways: readonly {
    readonly address: string;
    readonly node: string;
    readonly state: 'up' | 'down';
  }[];
  /** Frames that came of its nodes, those that did not, and those that came twice and were left out. */
  readonly received: number;
  readonly lost: number;
  readonly doubled: number;
}

/** A worker slot. */
export interface WorkerStatus {
  /** The number of its node within a group; missing for a node of its own. */
  readonly member?: number;
  readonly slot: number;
  readonly state: 'serving' | 'down';
  /** The thread's number within the process; null while there is none. */
  readonly thread: number | null;
  readonly memory: { readonly heapUsed: number; readonly external: number };
  /** Clients bound to it. */
  readonly clients: number;
  /** Events handled since the node started, by all threads of this slot. */
  readonly handled: number;
  /** Events handled per second, over the last seconds. */
  readonly perSecond: number;
  /** Handlers that threw or rejected. */
  readonly errors: number;
  /** Messages with names that did not fit, and never reached a handler. */
  readonly refused: number;
  /** Handlers that are pending now. */
  readonly pending: number;
  /** Events that a thread which died had begun and not done. */
  readonly lost: number;
  /** Bytes of events that wait. */
  readonly waitingBytes: number;
  /** Milliseconds that the oldest waiting event has waited. */
  readonly waitingFor: number;
  /** How often a thread that died was replaced. */
  readonly restarts: number;
  /** Why the last thread that died did; null when none has. */
  readonly lastExit: string | null;
  /** What its databases do; missing when no thread of it has used one. */
  readonly database?: DatabaseCounts;
}

const args = {};

/** `{"command":"status"}`: a NodeStatus. */
export const statusRequest: RequestEntry<typeof args, NodeStatus> = {
  args,
  changes: false,
  ofNode: (node) => node.status(),
  async ofGroup(group) {
    const reports = await Promise.all(group.members.map(report));
    return groupStatus(reports, group.facts());
  },
};

async function report(member: AskedMember): Promise<MemberReport> {
  const status = await member.answerTo({ command: 'status' });
  // as it is when it has answered: others may take longer
  const { number, name, pid, state, restarts, lastExit } = member;
  return { number, name, pid, state, restarts, lastExit, status };
}
