import type { BackboneStatus, CellStatus } from '../requests/status.js';
import { formatBytes, formatCount, formatDuration, formatWhole } from './quantity.js';
import { nameAndValue } from './status-summary.js';
import { type Column, type Paint, table } from './table.js';
import { fit, printable } from './terminal-text.js';

/** Cells shown; the rest is counted. */
const MOST = 20;
const NAME_LIMIT = 30;

const COLUMNS: readonly Column<CellStatus>[] = [
  { title: 'other cell', limit: NAME_LIMIT, cell: ({ name }) => printable(name) },
  {
    title: 'gateways',
    align: 'right',
    cell: ({ gateways }) => {
      const up = gateways.filter(({ state }) => state === 'up').length;
      return up === gateways.length
        ? formatWhole(up)
        : `${formatWhole(up)} of ${formatWhole(gateways.length)}`;
    },
    style: ({ gateways }) => (gateways.every(({ state }) => state === 'up') ? undefined : 'red'),
  },
  { title: 'received', align: 'right', cell: ({ received }) => formatCount(received) },
  {
    title: 'lost',
    align: 'right',
    cell: ({ lost }) => formatCount(lost),
    style: ({ lost }) => (lost === 0 ? undefined : 'yellow'),
  },
];

/** How a node and other cells reach each other. */
export function backboneView(status: BackboneStatus, paint: Paint, columns: number): readonly string[] {
  const { cell, state, since, server, lastError, conflict, bufferedBytes, unsent, cells } = status;
  const how = state === 'connected' ? `connected to ${printable(server ?? '')}` : 'down';
  const parts = [`cell ${printable(cell)}`, `${how} for ${formatDuration(since)}`];
  if (bufferedBytes > 0) parts.push(`${formatBytes(bufferedBytes)} wait`);
  if (unsent > 0) parts.push(`${formatCount(unsent)} given up`);
  const lines = [
    nameAndValue('backbone', paint(state === 'connected' ? undefined : 'red', parts.join(', ')), paint),
  ];
  if (state === 'down' && lastError !== null) lines.push(paint('yellow', fit(printable(lastError), columns)));
  if (conflict !== null) lines.push(paint('red', fit(printable(conflict), columns)));
  // the others are cells that are gone, and programs that are none
  const shown = cells.filter(({ gateways, lost }) => gateways.length > 0 || lost > 0);
  if (shown.length > 0) lines.push(...table(COLUMNS, shown.slice(0, MOST), paint));
  if (shown.length > MOST) lines.push(paint('dim', `and ${shown.length - MOST} more`));
  return lines;
}
