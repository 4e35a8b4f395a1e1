import { formatRemote } from '../../net/address.js';
import { formatBytes, formatWhole } from './quantity.js';
import type { ConnectionPage, ConnectionStatus } from '../requests/connections.js';
import { type Column, painter, table } from './table.js';
import { printable } from './terminal-text.js';

/** Columns of the terminal for what has any length. */
const UID_WIDTH = 16;
const GROUPS_WIDTH = 24;
const SHOWN_GROUPS = 20;

const COLUMNS: readonly Column<ConnectionStatus>[] = [
  { title: 'client id', cell: ({ clientId }) => clientId },
  { title: 'uid', limit: UID_WIDTH, cell: ({ uid }) => (uid === null ? '-' : printable(uid)) },
  { title: 'groups', limit: GROUPS_WIDTH, cell: ({ groups }) => groupList(groups) },
  { title: 'protocol', cell: ({ protocol }) => protocol },
  { title: 'address', cell: formatRemote },
  { title: 'in', align: 'right', cell: ({ bytesIn }) => formatBytes(bytesIn) },
  { title: 'out', align: 'right', cell: ({ bytesOut }) => formatBytes(bytesOut) },
  {
    title: 'buffered',
    align: 'right',
    cell: ({ buffered }) => formatBytes(buffered),
    style: ({ buffered }) => (buffered > 0 ? 'yellow' : undefined),
  },
];

/** `gatewayworker connections`, for people. */
export function connectionsView(page: ConnectionPage, colours: boolean): readonly string[] {
  const { total, offset, connections, missing = [] } = page;
  const paint = painter(colours);
  const note =
    missing.length === 0
      ? []
      : [paint('yellow', `without those of ${missing.join(', ')}: no answer. status tells more`)];
  if (connections.length === 0) {
    return [
      ...note,
      total === 0
        ? 'No connections.'
        : `No connections from ${formatWhole(offset)}: there are ${formatWhole(total)}.`,
    ];
  }
  const next = offset + connections.length;
  const more = total - next;
  return [
    ...table(COLUMNS, connections, paint),
    ...(more > 0 ? [paint('dim', `… ${formatWhole(more)} more, see --offset ${next}`)] : []),
    ...note,
  ];
}

function groupList(groups: readonly string[]): string {
  if (groups.length === 0) return '-';
  return printable(groups.slice(0, SHOWN_GROUPS).join(', '));
}
