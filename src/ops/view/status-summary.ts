import { formatBytes, formatCount, formatWhole } from './quantity.js';
import type { NodeStatus } from '../requests/status.js';
import type { Paint } from './table.js';
import { fit, printable, width } from './terminal-text.js';

/** Columns of the terminal for a name, and for its value. */
const NAME_WIDTH = 13;
const VALUE_WIDTH = 26;

/** What a node is and has done: names and values, two pairs a line. */
export function statusSummary(status: NodeStatus, paint: Paint): readonly string[] {
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
      return nameAndValue(name, paint(worth ? 'yellow' : undefined, shown), paint) + space;
    });
    lines.push(`${left}${right}`.trimEnd());
  }
  return lines;
}

export function nameAndValue(name: string, value: string, paint: Paint): string {
  return paint('dim', name.padEnd(NAME_WIDTH)) + value;
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
