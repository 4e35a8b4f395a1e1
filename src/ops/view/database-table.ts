import { formatCount } from './quantity.js';
import type { NodeStatus, WorkerStatus } from '../requests/status.js';
import { type Column, type Paint, table } from './table.js';
import { MEMBER_COLUMN } from './worker-table.js';

const DATABASE_COLUMNS: readonly Column<WorkerStatus>[] = [
  { title: 'slot', align: 'right', cell: ({ slot }) => String(slot) },
  { title: 'db open', align: 'right', cell: ({ database }) => formatCount(database?.open ?? 0) },
  { title: 'busy', align: 'right', cell: ({ database }) => formatCount(database?.busy ?? 0) },
  {
    title: 'waiting',
    align: 'right',
    cell: ({ database }) => formatCount(database?.waiting ?? 0),
    style: ({ database }) => (database?.waiting ? 'yellow' : undefined),
  },
  {
    title: 'slow',
    align: 'right',
    cell: ({ database }) => formatCount(database?.slow ?? 0),
    style: ({ database }) => (database?.slow ? 'yellow' : undefined),
  },
  {
    title: 'errors',
    align: 'right',
    cell: ({ database }) => formatCount(database?.errors ?? 0),
    style: ({ database }) => (database?.errors ? 'red' : undefined),
  },
];

/** What each worker's databases do; none where none is used. */
export function databaseTable(
  { members: nodes, workers }: NodeStatus,
  paint: Paint,
  columns: number,
): readonly string[] {
  const slots = workers.filter(({ database }) => database !== undefined);
  if (slots.length === 0) return [];
  return [
    '',
    ...table(nodes ? [MEMBER_COLUMN, ...DATABASE_COLUMNS] : DATABASE_COLUMNS, slots, paint, columns),
  ];
}
