import type { ArgumentSchema, ValuesOf } from './arguments.js';
import type { ClientDetail } from './client.js';
import type { ClientList, ClientQuery } from './clients.js';
import type { ConnectionPage } from './connections.js';
import type { GroupFacts } from './group-status.js';
import type { NodeNow } from './live.js';
import type { RawLog } from './log.js';
import type { NameList, NameQuery } from './names.js';
import type { ReloadNote } from './reload.js';
import type { Metric } from '../../metrics/metric.js';
import type { RequestName, RequestOf, ResultOf } from './requests.js';
import type { MemberStatus, NodeStatus } from './status.js';
import type { TracePart, TraceQuery } from './trace.js';

/** Something that may be asked of a node that runs: what it is given, and how the answer comes about. */
export interface RequestEntry<Schema extends ArgumentSchema, Result> {
  readonly args: Schema;
  /**
   * Whether it changes something. Such a request is only sent to a node that answers, so that it does not happen by
   * surprise later, and it is waited for as long as it takes: giving it up would not undo it.
   */
  readonly changes: boolean;
  /** How a node does it. */
  ofNode(node: AskedNode, args: ValuesOf<Schema>): Result | Promise<Result>;
  /** How a group does it: what its members are asked, and what becomes of their answers. */
  ofGroup(group: AskedGroup, args: ValuesOf<Schema>): Promise<Result>;
}

/** What requests may do to a node. */
export interface AskedNode {
  status(): NodeStatus;
  metrics(): Metric[];
  connections(offset: number, limit: number): ConnectionPage;
  now(): NodeNow;
  /** Looks through clients, and groups or uids, with pauses in which everybody else gets their turn. */
  clients(query: ClientQuery): Promise<ClientList>;
  names(query: NameQuery): Promise<NameList>;
  /** Null when it is not here. */
  client(clientId: string): ClientDetail | null;
  /** Begins a trace, goes on with one, or ends it. */
  trace(query: TraceQuery): Promise<TracePart>;
  /** The last lines of its log, behind that with this number. */
  log(after: number): RawLog;
  /** Replaces the workers' code. @param graceful waits for pending handlers as long as they take (bounded by 5 minutes) */
  reload(graceful: boolean): Promise<void>;
  /** Stops the node; resolves when it has stopped. */
  stop(graceful: boolean): Promise<void>;
}

/** What requests may do to a group of nodes. */
export interface AskedGroup {
  readonly members: readonly AskedMember[];
  /** What its first process knows of the group. */
  facts(): GroupFacts;
  /** The last lines of its log, behind that with this number. */
  log(after: number): RawLog;
  reload(graceful: boolean): Promise<ReloadNote | null>;
  /** Replaces the processes of its nodes, one after the other; resolves when all are up. */
  restart(graceful: boolean): Promise<void>;
  stop(graceful: boolean): Promise<void>;
}

export interface AskedMember extends Pick<MemberStatus, 'name' | 'pid' | 'restarts' | 'lastExit'> {
  /** From 0. */
  readonly number: number;
  /** `down`: between two processes, or given up. */
  readonly state: 'starting' | 'up' | 'down';
  /** What its node answers; undefined when it is not up, fails, or says nothing for 2 seconds. */
  answerTo<Name extends RequestName>(request: RequestOf<Name>): Promise<ResultOf<Name> | undefined>;
}
