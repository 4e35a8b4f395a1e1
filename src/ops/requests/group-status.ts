import { loadavg } from 'node:os';
import { addCounts, groupCluster } from './group-cluster.js';
import type { AskedMember } from './request-entry.js';
import type { ClusterStatus, ListenerStatus, MemberStatus, NodeStatus } from './status.js';

/** A member and what it says about itself; undefined when it says nothing. */
export interface MemberReport extends Omit<AskedMember, 'answerTo'> {
  readonly status: NodeStatus | undefined;
}

/** What the first process of a group knows by itself. */
export interface GroupFacts {
  readonly name: string;
  readonly version: string;
  /** Seconds since the group was started. */
  readonly uptime: number;
  readonly reloads: number;
  readonly roles: readonly string[];
  /** The urls of the shared ports. */
  readonly listeners: readonly string[];
  /** Of the first process. */
  readonly log: NodeStatus['log'];
  /** What it knows of the cluster, where it hosts the Register. */
  readonly cluster: ClusterStatus | undefined;
}

const NO_MEMORY = { rss: 0, heapUsed: 0, external: 0 };
const NO_COUNTERS: NodeStatus['counters'] = {
  connections: 0,
  refusedConnections: 0,
  messagesIn: 0,
  messagesOut: 0,
  messagesDropped: 0,
  datagramsDropped: 0,
  workerMessagesDropped: 0,
  slowClients: 0,
  heartbeatDrops: 0,
  refusals: {},
};

/** The nodes of a group as one: sums, and a line for each. Called in the group's first process. */
export function groupStatus(
  members: readonly MemberReport[],
  { name, version, uptime, reloads, roles, listeners, log, cluster }: GroupFacts,
): NodeStatus {
  const statuses = members.flatMap(({ status }) => status ?? []);
  return {
    name,
    version,
    nodejs: process.version,
    pid: process.pid,
    uptime,
    load: loadavg(),
    memory: [process.memoryUsage(), ...statuses.map(({ memory }) => memory)].reduce(addMemory, NO_MEMORY),
    roles,
    listeners: listeners.map((url) => listenerStatus(url, statuses)),
    connections: statuses.reduce((sum, { connections }) => sum + connections, 0),
    counters: statuses.map(({ counters }) => counters).reduce(addCounters, NO_COUNTERS),
    reloads,
    log: [log, ...statuses.map((status) => status.log)].reduce(addLog),
    workers: members.flatMap(({ number, status }) =>
      (status?.workers ?? []).map((worker) => ({ ...worker, member: number })),
    ),
    cluster: groupCluster(
      [...(cluster ? [cluster] : []), ...statuses.map((status) => status.cluster)],
      members.map((member) => member.name),
    ),
    members: members.map(memberStatus),
  };
}

function memberStatus({ name, pid, state, restarts, lastExit, status }: MemberReport): MemberStatus {
  return {
    name,
    pid,
    state: state === 'up' && status === undefined ? 'silent' : state,
    uptime: status?.uptime ?? 0,
    memory: status?.memory ?? NO_MEMORY,
    connections: status?.connections ?? 0,
    messagesIn: status?.counters.messagesIn ?? 0,
    messagesOut: status?.counters.messagesOut ?? 0,
    workers: (status?.workers ?? []).filter((worker) => worker.state === 'serving').length,
    restarts,
    lastExit,
  };
}

type Memory = NodeStatus['memory'];

function addMemory(left: Memory, right: Memory): Memory {
  return {
    rss: left.rss + right.rss,
    heapUsed: left.heapUsed + right.heapUsed,
    external: left.external + right.external,
  };
}

function addLog(left: NodeStatus['log'], right: NodeStatus['log']): NodeStatus['log'] {
  return { lost: left.lost + right.lost, lastError: right.lastError ?? left.lastError };
}

type Counters = NodeStatus['counters'];

function addCounters(left: Counters, right: Counters): Counters {
  return {
    connections: left.connections + right.connections,
    refusedConnections: left.refusedConnections + right.refusedConnections,
    messagesIn: left.messagesIn + right.messagesIn,
    messagesOut: left.messagesOut + right.messagesOut,
    messagesDropped: left.messagesDropped + right.messagesDropped,
    datagramsDropped: left.datagramsDropped + right.datagramsDropped,
    workerMessagesDropped: left.workerMessagesDropped + right.workerMessagesDropped,
    slowClients: left.slowClients + right.slowClients,
    heartbeatDrops: left.heartbeatDrops + right.heartbeatDrops,
    refusals: addCounts(left.refusals, right.refusals),
  };
}

function listenerStatus(url: string, statuses: readonly NodeStatus[]): ListenerStatus {
  const shares = statuses.flatMap((status) => status.listeners).filter((listener) => listener.url === url);
  return {
    url,
    connections: shares.reduce((sum, { connections }) => sum + connections, 0),
    certificate: shares.find(({ certificate }) => certificate !== null)?.certificate ?? null,
  };
}
