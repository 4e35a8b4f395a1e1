import { formatBytesBriefly, formatCount, formatDuration } from './quantity.js';
import type { MemberStatus, NodeStatus } from '../requests/status.js';
import { type Column, type Paint, table } from './table.js';

const MEMBER_COLUMNS: readonly Column<MemberStatus & { readonly number: number }>[] = [
  { title: 'node', align: 'right', cell: ({ number }) => String(number) },
  { title: 'pid', align: 'right', cell: ({ pid }) => String(pid ?? '') },
  {
    title: 'state',
    cell: ({ state }) => state,
    style: ({ state }) => (state === 'up' ? undefined : 'red'),
  },
  { title: 'up', align: 'right', cell: ({ uptime }) => formatDuration(uptime) },
  { title: 'memory', align: 'right', cell: ({ memory }) => formatBytesBriefly(memory.rss) },
  { title: 'workers', align: 'right', cell: ({ workers }) => formatCount(workers) },
  { title: 'clients', align: 'right', cell: ({ connections }) => formatCount(connections) },
  { title: 'in', align: 'right', cell: ({ messagesIn }) => formatCount(messagesIn) },
  { title: 'out', align: 'right', cell: ({ messagesOut }) => formatCount(messagesOut) },
  {
    title: 'died',
    align: 'right',
    cell: ({ restarts }) => formatCount(restarts),
    style: ({ restarts }) => (restarts > 0 ? 'yellow' : undefined),
  },
];

/** The nodes of a group, each a line. */
export function memberTable(
  { members: nodes }: NodeStatus,
  paint: Paint,
  columns: number,
): readonly string[] {
  if (!nodes) return [];
  const rows = nodes.map((node, number) => ({ ...node, number }));
  return ['', ...table(MEMBER_COLUMNS, rows, paint, columns)];
}
