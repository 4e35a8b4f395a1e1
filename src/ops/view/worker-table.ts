import { formatAge, formatBytesBriefly, formatCount } from './quantity.js';
import type { NodeStatus, WorkerStatus } from '../requests/status.js';
import { type Column, type Paint, table } from './table.js';

/** Milliseconds of waiting that are worth a look. */
const SLOW = 1000;

const WORKER_COLUMNS: readonly Column<WorkerStatus>[] = [
  { title: 'slot', align: 'right', cell: ({ slot }) => String(slot) },
  {
    title: 'thread',
    align: 'right',
    cell: ({ state, thread }) => (state === 'down' ? 'down' : String(thread ?? '')),
    style: ({ state }) => (state === 'down' ? 'red' : undefined),
  },
  {
    title: 'memory',
    align: 'right',
    cell: ({ memory }) => formatBytesBriefly(memory.heapUsed + memory.external),
  },
  { title: 'clients', align: 'right', cell: ({ clients }) => formatCount(clients) },
  { title: 'events', align: 'right', cell: ({ handled }) => formatCount(handled) },
  { title: 'per s', align: 'right', cell: ({ perSecond }) => formatCount(perSecond) },
  {
    title: 'errors',
    align: 'right',
    cell: ({ errors }) => formatCount(errors),
    style: ({ errors }) => (errors > 0 ? 'red' : undefined),
  },
  { title: 'refused', align: 'right', cell: ({ refused }) => formatCount(refused) },
  { title: 'busy', align: 'right', cell: ({ pending }) => formatCount(pending) },
  { title: 'queue', align: 'right', cell: ({ waitingBytes }) => formatBytesBriefly(waitingBytes) },
  {
    title: 'age',
    align: 'right',
    cell: ({ waitingFor }) => formatAge(waitingFor),
    style: ({ waitingFor }) => (waitingFor >= SLOW ? 'yellow' : undefined),
  },
  {
    title: 'died',
    align: 'right',
    cell: ({ restarts }) => formatCount(restarts),
    style: ({ restarts }) => (restarts > 0 ? 'yellow' : undefined),
  },
];

/** Where there are several nodes. */
export const MEMBER_COLUMN: Column<WorkerStatus> = {
  title: 'node',
  align: 'right',
  cell: ({ member }) => String(member),
};

/** The worker slots, each a line; none on a node without workers. */
export function workerTable(
  { members: nodes, workers: slots }: NodeStatus,
  paint: Paint,
  columns: number,
): readonly string[] {
  if (slots.length === 0) return [];
  // few applications have messages with names, and in few of those anything goes wrong with one
  const shown = WORKER_COLUMNS.filter(
    ({ title }) => title !== 'refused' || slots.some(({ refused }) => refused > 0),
  );
  return ['', ...table(nodes ? [MEMBER_COLUMN, ...shown] : shown, slots, paint, columns)];
}
