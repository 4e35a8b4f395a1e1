import { clusterView } from './cluster-view.js';
import { databaseTable } from './database-table.js';
import { memberTable } from './member-table.js';
import { formatDuration, formatWhole } from './quantity.js';
import type { ListenerStatus, NodeStatus } from '../requests/status.js';
import { nameAndValue, statusSummary } from './status-summary.js';
import { type Column, type Paint, painter, table } from './table.js';
import { fit, printable } from './terminal-text.js';
import { workerTable } from './worker-table.js';

/** The width of every terminal. */
const COLUMNS = 80;
/** Of it, for the url of a listener: beside it are its clients, and until when its certificate is valid. */
const LISTENER_WIDTH = 50;

/** `gatewayworker status`, for people. */
export function statusView(status: NodeStatus, colours: boolean): readonly string[] {
  const paint = painter(colours);
  return [
    title(status, paint),
    '',
    ...statusSummary(status, paint),
    ...(status.admin === undefined ? [] : [nameAndValue('admin', status.admin, paint)]),
    ...listenerTable(status, paint),
    ...memberTable(status, paint, COLUMNS),
    ...workerTable(status, paint, COLUMNS),
    ...databaseTable(status, paint, COLUMNS),
    ...losses(status, paint),
    ...clusterView(status, paint, COLUMNS),
  ];
}

/** None on a node without a gateway. */
function listenerTable(status: NodeStatus, paint: Paint): readonly string[] {
  if (status.listeners.length === 0) return [];
  const columns: Column<ListenerStatus>[] = [
    { title: 'listener', cell: ({ url }) => printable(url), limit: LISTENER_WIDTH },
    { title: 'clients', align: 'right', cell: ({ connections }) => formatWhole(connections) },
  ];
  if (status.listeners.some(({ certificate }) => certificate !== null)) {
    columns.push({ title: 'certificate', cell: ({ certificate }) => certificateUntil(certificate) });
  }
  return ['', ...table(columns, status.listeners, paint)];
}

/** With TLS, when its certificate expires. */
function certificateUntil(certificate: ListenerStatus['certificate']): string {
  return certificate === null ? '-' : `until ${certificate.validTo.slice(0, 10)}`;
}

function title({ version, nodejs, pid, uptime }: NodeStatus, paint: Paint): string {
  const name = paint('bold', `gatewayworker ${version}`);
  return `${name}   node.js ${nodejs}   pid ${pid}   up ${formatDuration(uptime)}`;
}

/** Why nodes and threads died, what was lost with them, and what else was; and what is missing from the log. */
function losses(
  { members: nodes = [], workers, counters, log }: NodeStatus,
  paint: Paint,
): readonly string[] {
  const lines = [
    ...(log.lost > 0 ? [`log: ${formatWhole(log.lost)} lines lost (${log.lastError})`] : []),
    ...(counters.workerMessagesDropped > 0
      ? [`messages between workers: ${formatWhole(counters.workerMessagesDropped)} dropped; the log says why`]
      : []),
    ...nodes.flatMap(({ state, name }, number) =>
      state === 'silent'
        ? [`node ${number}: ${name} does not answer, and its figures are missing from all sums`]
        : [],
    ),
    ...nodes.flatMap(({ lastExit }, number) =>
      lastExit === null ? [] : [`node ${number}: last died with ${lastExit}`],
    ),
    ...workers.flatMap(({ member, slot, lastExit, lost }) => {
      if (lastExit === null) return [];
      const where = member === undefined ? '' : `node ${member}, `;
      const [reason] = lastExit.split('\n');
      const cost = lost > 0 ? `${formatWhole(lost)} events lost; ` : '';
      return [`${where}slot ${slot}: ${cost}last died of ${printable(reason)}`];
    }),
  ].map((line) => paint('yellow', fit(line, COLUMNS)));
  return lines.length === 0 ? [] : ['', ...lines];
}
