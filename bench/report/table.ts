import type { Figure, Scenario } from '../scenarios/scenario.js';
import { inUnit, significant } from './quantity.js';
import { type Field, type Results, valuesOf } from './results.js';
import { median } from './statistics.js';

/** From this share of a core on the load generator may have been what limited a rate. */
const LOAD_LIMIT = 95;
/** In front of such a rate. */
const LIMITED = '* ';

/**
 * For each scenario one row for each server: medians with the smallest and the largest value, and how ours compares.
 * A ratio is the median of the rounds' ratios, since what disturbs the machine disturbs the neighbours in one round alike.
 */
export function table(scenarios: readonly Scenario[], results: Results): string {
  const blocks = scenarios.map((scenario) => block(scenario, results));
  // no title and no error is marked so
  if (blocks.some((text) => text.includes(LIMITED))) blocks.push(LEGEND);
  return blocks.join('\n\n');
}

function block(scenario: Scenario, results: Results): string {
  const { field, failures } = results;
  const header = ['', ...scenario.figures.flatMap(({ title }) => [title, 'ours / it'])];
  const rows = serversOf(scenario, results).map((server) => [
    `  ${server}`,
    ...scenario.figures.flatMap((figure) => [
      spread(scenario, server, figure, results),
      server === field.ours || server === field.ceiling ? '' : ratio(scenario, server, figure, results),
    ]),
  ]);
  const troubles = failures
    .filter((failure) => failure.scenario === scenario.name)
    .map(({ server, round, error }) => `  ${server}, round ${round + 1}: ${error}`);
  const figures = rows.length === 0 ? [] : [align([header, ...rows])];
  return [`${scenario.title} (${scenario.name})`, ...figures, ...troubles].join('\n');
}

/** Ours first, the ceiling last; who could not take part is not there. */
export function serversOf(scenario: Scenario, { field, samples }: Results): string[] {
  return names(field).filter((server) =>
    samples.some((sample) => sample.scenario === scenario.name && sample.server === server),
  );
}

function names({ ours, peers, ceiling }: Field): string[] {
  return [ours, ...peers, ceiling];
}

function spread({ name }: Scenario, server: string, figure: Figure, { samples }: Results): string {
  const values = [...valuesOf(samples, name, server, figure.key).values()];
  if (values.length === 0) return '';
  const range =
    values.length === 1
      ? ''
      : ` (${inUnit(Math.min(...values), figure)}–${inUnit(Math.max(...values), figure)})`;
  const load = [...valuesOf(samples, name, server, 'loadPercent').values()];
  const limited = figure.key === 'perSecond' && load.length > 0 && median(load) >= LOAD_LIMIT ? LIMITED : '';
  return `${limited}${inUnit(median(values), figure)} ${figure.unit}${range}`;
}

function ratio({ name }: Scenario, server: string, { key }: Figure, results: Results): string {
  const ratios = ratiosTo(server, name, key, results);
  return ratios.length === 0 ? '' : `${significant(median(ratios))} ×`;
}

/** Ours divided by this server's, round by round. */
export function ratiosTo(
  server: string,
  scenario: string,
  key: string,
  { field, samples }: Pick<Results, 'field' | 'samples'>,
): number[] {
  const own = valuesOf(samples, scenario, field.ours, key);
  const others = valuesOf(samples, scenario, server, key);
  return [...own].flatMap(([round, value]) => {
    const other = others.get(round);
    return other === undefined || other === 0 ? [] : [value / other];
  });
}

const LEGEND = `${LIMITED}the load generator used ${LOAD_LIMIT} % of a core or more: the server may do more than this`;

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
