import type { OtherGateway, TraceEntry } from '../requests/trace.js';
import type { Paint, Style } from './table.js';
import { printable } from './terminal-text.js';

/** Characters of the longest word for what happened, and of most sizes. */
const WHAT_WIDTH = 7;
const SIZE_WIDTH = 8;

const ARROWS: Readonly<Record<TraceEntry['direction'], string>> = { in: '→', out: '←', about: '·' };
const STYLES: Readonly<Partial<Record<TraceEntry['what'], Style>>> = {
  message: 'green',
  lost: 'red',
  close: 'yellow',
  kick: 'yellow',
  destroy: 'yellow',
  pause: 'yellow',
};

/**
 * A line of `gatewayworker trace`: when, from the client (→), to it (←) or about it (·), what, how large, and the text.
 *
 * @param named whether it says which client it is
 */
export function traceLine(entry: TraceEntry, named: boolean, paint: Paint): string {
  const { time, clientId, direction, what, size, text, cut } = entry;
  const words = [
    paint('dim', timeOf(time)),
    ...(named ? [clientId] : []),
    ARROWS[direction],
    paint(STYLES[what], what.padEnd(WHAT_WIDTH)),
    paint('dim', (size === undefined ? '' : `${size} B`).padStart(SIZE_WIDTH)),
    printable(text) + (cut === true ? paint('dim', '…') : ''),
  ];
  return words.join('  ').trimEnd();
}

/** Of the day, by the clock of this machine. */
function timeOf(time: number): string {
  const date = new Date(time);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  const milliseconds = String(date.getMilliseconds()).padStart(3, '0');
  return `${parts.map((part) => String(part).padStart(2, '0')).join(':')}.${milliseconds}`;
}

/** Where clients are that a trace does not see. */
export function otherGateways(gateways: readonly OtherGateway[]): string {
  const names = gateways.map(({ address, node, legacy }) => {
    if (legacy) return `${address} (PHP's, which has no trace)`;
    return node === '' ? address : `${node} (${address})`;
  });
  return `Clients of other nodes do not show here. Ask there: ${names.join(', ')}.`;
}
