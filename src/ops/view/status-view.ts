import { clusterView } from './cluster-view.js';
import {
  formatAge,
  formatBytes,
  formatBytesBriefly,
  formatCount,
  formatDuration,
  formatWhole,
} from './quantity.js';
import type { MemberStatus, NodeStatus, WorkerStatus } from '../control/status.js';
import { type Column, type Paint, painter, table } from './table.js';
import { fit, printable, width } from './text.js';

/** Milliseconds of waiting that are worth a look. */
const SLOW = 1000;
/** The width of every terminal. */
const COLUMNS = 80;
const NAME_WIDTH = 13;
const VALUE_WIDTH = 26;

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
const MEMBER_COLUMN: Column<WorkerStatus> = {
  title: 'node',
  align: 'right',
  cell: ({ member }) => String(member),
};

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

/** `gatewayworker status`, for people. */
export function statusView(status: NodeStatus, colours: boolean): readonly string[] {
  const paint = painter(colours);
  return [
    title(status, paint),
    '',
    ...summary(status, paint),
    ...listenerTable(status, paint),
    ...memberTable(status, paint),
    ...workerTable(status, paint),
    ...databaseTable(status, paint),
    ...losses(status, paint),
    ...clusterView(status, paint, COLUMNS),
  ];
}

/** The nodes of a group, each a line. */
function memberTable({ members: nodes }: NodeStatus, paint: Paint): readonly string[] {
  if (!nodes) return [];
  const rows = nodes.map((node, number) => ({ ...node, number }));
  return ['', ...table(MEMBER_COLUMNS, rows, paint, COLUMNS)];
}

/** None on a node without a gateway. */
function listenerTable(status: NodeStatus, paint: Paint): readonly string[] {
  if (status.listeners.length === 0) return [];
  const columns: readonly Column<NodeStatus['listeners'][number]>[] = [
    { title: 'listener', cell: ({ url }) => printable(url), limit: COLUMNS - NAME_WIDTH },
    { title: 'clients', align: 'right', cell: ({ connections }) => formatWhole(connections) },
  ];
  return ['', ...table(columns, status.listeners, paint)];
}

/** None on a node without workers. */
function workerTable({ members: nodes, workers: slots }: NodeStatus, paint: Paint): readonly string[] {
  if (slots.length === 0) return [];
  return ['', ...table(nodes ? [MEMBER_COLUMN, ...WORKER_COLUMNS] : WORKER_COLUMNS, slots, paint, COLUMNS)];
}

/** None on a node whose workers use no database. */
function databaseTable({ members: nodes, workers }: NodeStatus, paint: Paint): readonly string[] {
  const slots = workers.filter(({ database }) => database !== undefined);
  if (slots.length === 0) return [];
  return [
    '',
    ...table(nodes ? [MEMBER_COLUMN, ...DATABASE_COLUMNS] : DATABASE_COLUMNS, slots, paint, COLUMNS),
  ];
}

function title({ version, nodejs, pid, uptime }: NodeStatus, paint: Paint): string {
  const name = paint('bold', `gatewayworker ${version}`);
  return `${name}   node.js ${nodejs}   pid ${pid}   up ${formatDuration(uptime)}`;
}

/** Names and values, two pairs a line. */
function summary(status: NodeStatus, paint: Paint): readonly string[] {
  const { counters } = status;
  const refused = Object.values(counters.refusals).reduce((sum, count) => sum + count, 0);
  const pairs: readonly (readonly [name: string, value: string, worth: boolean])[] = [
    ['node', printable(status.name), false],
    ['load', status.load.map((average) => average.toFixed(2)).join('  '), false],
    ['roles', status.roles.join(', '), false],
    ['memory', `${formatBytes(status.memory.rss)}, heap ${formatBytes(status.memory.heapUsed)}`, false],
    ['clients', `${formatWhole(status.connections)} now, ${formatCount(counters.connections)} ever`, false],
    ['turned away', formatWhole(counters.refusedConnections), counters.refusedConnections > 0],
    ['messages in', formatWhole(counters.messagesIn), false],
    ['too slow', dropped(status), counters.slowClients + counters.messagesDropped > 0],
    ['messages out', formatWhole(counters.messagesOut), false],
    ['silent', formatWhole(counters.heartbeatDrops), false],
    ['reloads', formatWhole(status.reloads), false],
    ['bad input', refused === 0 ? '0' : kinds(counters.refusals), refused > 0],
  ];
  const lines: string[] = [];
  for (let index = 0; index < pairs.length; index += 2) {
    const [left, right] = pairs.slice(index, index + 2).map(([name, value, worth]) => {
      const shown = fit(value, VALUE_WIDTH);
      const space = ' '.repeat(VALUE_WIDTH - width(shown));
      return paint('dim', name.padEnd(NAME_WIDTH)) + paint(worth ? 'yellow' : undefined, shown) + space;
    });
    lines.push(`${left}${right}`.trimEnd());
  }
  return lines;
}

function dropped({ counters: { slowClients, messagesDropped } }: NodeStatus): string {
  return messagesDropped === 0
    ? formatWhole(slowClients)
    : `${formatCount(slowClients)}, ${formatCount(messagesDropped)} messages lost`;
}

function kinds(refusals: Readonly<Record<string, number>>): string {
  return Object.entries(refusals)
    .filter(([, count]) => count > 0)
    .toSorted(([, left], [, right]) => right - left)
    .map(([kind, count]) => `${formatCount(count)} ${printable(kind)}`)
    .join(', ');
}

/** Why nodes and threads died, and what was lost with them; and what is missing from the log. */
function losses({ members: nodes = [], workers, log }: NodeStatus, paint: Paint): readonly string[] {
  const lines = [
    ...(log.lost > 0 ? [`log: ${formatWhole(log.lost)} lines lost (${log.lastError})`] : []),
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
