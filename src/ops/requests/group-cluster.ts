import type { BackboneStatus, CellStatus, ClusterStatus } from './status.js';

type Register = ClusterStatus['registers'][number];
type Gateway = ClusterStatus['gateways'][number];
type Worker = ClusterStatus['workers'][number];

/**
 * How the nodes of a group are linked to those outside it, as one: each peer once, as the node sees it that sees it
 * worst. The links within the group show only while one of them is down.
 *
 * @param statuses the first process's, which hosts the Register if the group has one, and the members'
 * @param members their names
 */
export function groupCluster(statuses: readonly ClusterStatus[], members: readonly string[]): ClusterStatus {
  const ours = new Set(members);
  const gateways = statuses.flatMap((status) => status.gateways);
  const workers = statuses.flatMap((status) => status.workers);
  return {
    register: statuses.find(({ register }) => register !== undefined)?.register,
    registers: merge(
      statuses.flatMap((status) => status.registers),
      ({ address }) => address,
      worseRegister,
    ),
    gateways: merge(
      gateways.filter(({ node, state }) => state !== 'up' || !ours.has(node)),
      ({ address }) => address,
      worseGateway,
    ),
    ...groupBackbone(statuses.flatMap(({ backbone }) => backbone ?? [])),
    workers: merge(
      // a worker's name is its node's, and the slot
      workers.filter(({ name }) => !ours.has(name.slice(0, name.lastIndexOf(':')))),
      ({ name }) => name,
      worseWorker,
    ),
    refusals: statuses.map(({ refusals }) => refusals).reduce(addCounts, {}),
  };
}

/** The members are of one cell, each with a connection of its own: the worst of these, with the sums of all. */
function groupBackbone(statuses: readonly BackboneStatus[]): Pick<ClusterStatus, 'backbone'> {
  if (statuses.length === 0) return {};
  const worst = statuses.find(({ state }) => state === 'down') ?? statuses[0];
  const sum = (value: (status: BackboneStatus) => number): number =>
    statuses.reduce((total, status) => total + value(status), 0);
  return {
    backbone: {
      ...worst,
      conflict: statuses.find(({ conflict }) => conflict !== null)?.conflict ?? null,
      bufferedBytes: sum(({ bufferedBytes }) => bufferedBytes),
      published: sum(({ published }) => published),
      unsent: sum(({ unsent }) => unsent),
      followed: sum(({ followed }) => followed),
      cells: merge(
        statuses.flatMap(({ cells }) => cells),
        ({ name }) => name,
        bothCells,
      ),
    },
  };
}

function bothCells(left: CellStatus, right: CellStatus): CellStatus {
  return {
    name: left.name,
    gateways: merge(
      [...left.gateways, ...right.gateways],
      ({ address }) => address,
      (one, other) => (one.state === 'down' ? one : other),
    ),
    received: left.received + right.received,
    lost: left.lost + right.lost,
    doubled: left.doubled + right.doubled,
  };
}

/** The sums of two counts by kind. */
export function addCounts(
  left: Readonly<Record<string, number>>,
  right: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const sums = { ...left };
  for (const [kind, count] of Object.entries(right)) sums[kind] = (sums[kind] ?? 0) + count;
  return sums;
}

function merge<T>(rows: readonly T[], keyOf: (row: T) => string, combine: (left: T, right: T) => T): T[] {
  const merged = new Map<string, T>();
  for (const row of rows) {
    const key = keyOf(row);
    const other = merged.get(key);
    merged.set(key, other === undefined ? row : combine(other, row));
  }
  return [...merged.values()];
}

function worseRegister(left: Register, right: Register): Register {
  return left.state === 'joined' ? right : left;
}

function worseGateway(left: Gateway, right: Gateway): Gateway {
  const worse = left.state === 'up' ? right : left;
  return {
    ...worse,
    bufferedBytes: left.bufferedBytes + right.bufferedBytes,
    spared: left.spared + right.spared,
  };
}

function worseWorker(left: Worker, right: Worker): Worker {
  const worse = left.state === 'ready' ? right : left;
  return {
    ...worse,
    clients: left.clients + right.clients,
    bufferedBytes: left.bufferedBytes + right.bufferedBytes,
  };
}
