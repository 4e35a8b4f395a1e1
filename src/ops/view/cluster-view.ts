import { backboneView } from './backbone-view.js';
import { formatBytesBriefly, formatCount, formatWhole } from './quantity.js';
import type { ClusterStatus, NodeStatus } from '../requests/status.js';
import { type Column, type Paint, table } from './table.js';
import { fit, printable } from './terminal-text.js';

/** Links shown of each kind; the rest is counted. */
const MOST = 20;
const NAME_LIMIT = 30;
const ADDRESS_LIMIT = 24;

type Register = ClusterStatus['registers'][number];
type Gateway = ClusterStatus['gateways'][number];
type Worker = ClusterStatus['workers'][number];

const address = {
  limit: ADDRESS_LIMIT,
  cell: (row: { readonly address: string }) => printable(row.address),
};

const REGISTER_COLUMNS: readonly Column<Register>[] = [
  { title: 'register', ...address },
  {
    title: 'state',
    cell: ({ state }) => state,
    style: ({ state }) => (state === 'joined' ? undefined : 'yellow'),
  },
  { title: 'attempts', align: 'right', cell: ({ attempts }) => formatWhole(attempts) },
];

const GATEWAY_COLUMNS: readonly Column<Gateway>[] = [
  { title: 'other gateway', ...address },
  { title: 'node', limit: NAME_LIMIT, cell: ({ node, legacy }) => (legacy ? 'PHP' : printable(node)) },
  {
    title: 'state',
    cell: ({ state }) => state,
    style: ({ state }) => (state === 'up' ? undefined : 'red'),
  },
  { title: 'queue', align: 'right', cell: ({ bufferedBytes }) => formatBytesBriefly(bufferedBytes) },
  { title: 'attempts', align: 'right', cell: ({ attempts }) => formatWhole(attempts) },
];

const WORKER_COLUMNS: readonly Column<Worker>[] = [
  { title: 'other worker', limit: NAME_LIMIT, cell: ({ name }) => printable(name) },
  { title: 'from', ...address },
  {
    title: 'state',
    cell: ({ state, legacy }) => (legacy ? `${state}, PHP` : state),
    style: ({ state }) => (state === 'ready' ? undefined : 'yellow'),
  },
  { title: 'clients', align: 'right', cell: ({ clients }) => formatCount(clients) },
  { title: 'queue', align: 'right', cell: ({ bufferedBytes }) => formatBytesBriefly(bufferedBytes) },
];

/** How a node is linked to the others: nothing while it is alone. */
export function clusterView(
  { cluster, roles }: NodeStatus,
  paint: Paint,
  columns: number,
): readonly string[] {
  const { register, registers, gateways, workers, backbone, refusals } = cluster;
  // a node with every role and without others has nothing to show
  const partial = !roles.includes('gateway') || !roles.includes('worker');
  const lines: string[] = [];
  const section = (rows: readonly string[]): void => {
    if (rows.length > 0) lines.push('', ...rows);
  };
  if (
    register !== undefined &&
    (partial || register.gateways.length > 1 || gateways.length + workers.length > 0)
  ) {
    section([
      `Register at ${printable(register.address)}: ${count(register.gateways.length, 'gateway')}, ${count(register.workers, 'listener')}`,
    ]);
  }
  if (registers.length > 1 || registers.some(({ state }) => state !== 'joined')) {
    section(cut(REGISTER_COLUMNS, registers, paint));
  }
  section(cut(GATEWAY_COLUMNS, gateways, paint));
  section(cut(WORKER_COLUMNS, workers, paint));
  if (backbone !== undefined) section(backboneView(backbone, paint, columns));
  section(
    [...registers, ...gateways].flatMap(({ address: from, lastError }) => {
      if (lastError === null || lastError === undefined) return [];
      const reason = lastError.includes(from) ? lastError : `${from}: ${lastError}`;
      return [paint('yellow', fit(printable(reason), columns))];
    }),
  );
  const refused = Object.entries(refusals).filter(([, times]) => times > 0);
  if (refused.length > 0) {
    const kinds = refused.map(([kind, times]) => `${formatCount(times)} ${printable(kind)}`).join(', ');
    section([paint('yellow', fit(`peers turned away: ${kinds}`, columns))]);
  }
  return lines;
}

function cut<Row>(columns: readonly Column<Row>[], rows: readonly Row[], paint: Paint): readonly string[] {
  if (rows.length === 0) return [];
  const shown = table(columns, rows.slice(0, MOST), paint);
  return rows.length > MOST ? [...shown, paint('dim', `and ${rows.length - MOST} more`)] : shown;
}

function count(number: number, noun: string): string {
  return `${formatWhole(number)} ${noun}${number === 1 ? '' : 's'}`;
}
