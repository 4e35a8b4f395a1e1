import type { Figure, Scenario } from '../scenarios/scenario.js';
import type { Sample } from './results.js';
import { median } from './statistics.js';

const DIVISORS: Readonly<Record<Figure['unit'], number>> = { 'M/s': 1e6, 'k/s': 1e3, ms: 1, µs: 1, KB: 1 };

/**
 * Medians with the smallest and the largest value, ours beside a peer's. A ratio is the median of the rounds' ratios, since
 * what disturbs the machine disturbs the neighbours in one round alike.
 */
export function table(
  scenarios: readonly Scenario[],
  samples: readonly Sample[],
  servers: { readonly ours: string; readonly peers: readonly string[]; readonly ceiling: string },
): string {
  const { ours, peers, ceiling } = servers;
  const rows = [['', ours, ...peers.flatMap((peer) => [peer, `ours / ${peer}`]), ceiling]];
  for (const scenario of scenarios) {
    for (const figure of scenario.figures) {
      const values = (server: string): number[] =>
        samples
          .filter((sample) => sample.scenario === scenario.name && sample.server === server)
          .map(({ figures }) => figures[figure.key]);
      const own = values(ours);
      const cells = peers.flatMap((peer) => {
        const others = values(peer);
        return [spread(others, figure), ratio(own, others)];
      });
      rows.push([figure.title, spread(own, figure), ...cells, spread(values(ceiling), figure)]);
    }
  }
  return align(rows);
}

function spread(values: readonly number[], { unit }: Figure): string {
  if (values.length === 0) return '';
  const show = (value: number): string => significant(value / DIVISORS[unit]);
  const range = values.length === 1 ? '' : ` (${show(Math.min(...values))}–${show(Math.max(...values))})`;
  return `${show(median(values))} ${unit}${range}`;
}

function ratio(own: readonly number[], others: readonly number[]): string {
  return own.length === 0 || own.length !== others.length
    ? ''
    : `${significant(median(own.map((value, round) => value / others[round])))} ×`;
}

/** Three digits that mean something. */
function significant(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Columns side by side: the first one to the left, the others to the right. */
export function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}
