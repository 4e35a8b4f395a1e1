import type { Figure, Scenario } from '../scenarios/scenario.js';
import { inUnit, significant } from './quantity.js';
import { type Results, valuesOf } from './results.js';
import { median } from './statistics.js';
import { ratiosTo, serversOf } from './table.js';

/* Pixels. */
const WIDTH = 840;
const MARGIN = 20;
const NAMES_WIDTH = 150;
/** Space for the value and the ratio behind a bar. */
const VALUES_WIDTH = 190;
const TITLE_HEIGHT = 34;
const BAR_HEIGHT = 16;
const ROW_HEIGHT = 22;
const GAP = 14;
const LONGEST_BAR = WIDTH - 2 * MARGIN - NAMES_WIDTH - VALUES_WIDTH;

/**
 * Bars of each scenario's first figure, one drawing for a page. Colours follow the reader's choice of light or dark, the
 * background too, since the page around it may not. Each
 * scenario has a scale of its own, from zero.
 */
export function chart(scenarios: readonly Scenario[], results: Results): string {
  let top = MARGIN;
  const parts: string[] = [];
  for (const scenario of scenarios) {
    const drawn = panel(scenario, results, top);
    if (drawn === undefined) continue;
    parts.push(drawn.svg);
    top = drawn.bottom + GAP;
  }
  const { machine, effort, startedAt } = results;
  const caption = `medians of ${effort.rounds} rounds, of their ratios as well; ${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, node ${machine.node}; ${startedAt.slice(0, 10)}`;
  parts.push(text(MARGIN, top + 8, caption, 'note'));
  const height = top + 8 + MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Benchmark results">
<style>
  .page { fill: #ffffff }
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .note, .unit { fill: #59636e; font-size: 12px; font-weight: 400 }
  .ours { fill: #0969da }
  .peer { fill: #afb8c1 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 }
    text { fill: #e6edf3 }
    .note, .unit { fill: #9198a1 }
    .ours { fill: #4493f8 }
    .peer { fill: #59636e }
  }
</style>
<rect class="page" width="100%" height="100%"/>
${parts.join('\n')}
</svg>
`;
}

function panel(
  scenario: Scenario,
  results: Results,
  top: number,
): { readonly svg: string; readonly bottom: number } | undefined {
  const figure = scenario.figures[0];
  const bars = serversOf(scenario, results)
    .filter((server) => server !== results.field.ceiling)
    .map((server) => ({ server, value: medianOf(scenario, server, figure, results) }));
  // a figure without anybody to compare with, or around zero, says nothing as a bar
  if (bars.length < 2 || bars.some(({ value }) => !(value > 0))) return undefined;
  const longest = Math.max(...bars.map(({ value }) => value));
  const heading = `${scenario.title}<tspan class="unit" dx="8">${escaped(figure.title)}, ${figure.unit}; ${betterWhen(figure)}</tspan>`;
  const rows = bars.map(({ server, value }, index) => {
    const y = top + TITLE_HEIGHT + index * ROW_HEIGHT;
    const own = server === results.field.ours;
    const length = Math.max(1, Math.round((value / longest) * LONGEST_BAR));
    const ratios = own ? [] : ratiosTo(server, scenario.name, figure.key, results);
    const compared =
      ratios.length === 0
        ? ''
        : `<tspan class="unit" dx="8">ours is ${significant(median(ratios))} ×</tspan>`;
    const middle = y + BAR_HEIGHT - 3;
    return [
      text(MARGIN, middle, escaped(server), own ? 'title' : ''),
      `<rect class="${own ? 'ours' : 'peer'}" x="${MARGIN + NAMES_WIDTH}" y="${y}" width="${length}" height="${BAR_HEIGHT}" rx="2"/>`,
      text(
        MARGIN + NAMES_WIDTH + length + 8,
        middle,
        `${inUnit(value, figure)}${compared}`,
        own ? 'title' : '',
      ),
    ].join('\n');
  });
  return {
    svg: [text(MARGIN, top + 14, heading, 'title'), ...rows].join('\n'),
    bottom: top + TITLE_HEIGHT + bars.length * ROW_HEIGHT,
  };
}

function medianOf({ name }: Scenario, server: string, { key }: Figure, { samples }: Results): number {
  const values = [...valuesOf(samples, name, server, key).values()];
  return values.length === 0 ? Number.NaN : median(values);
}

function betterWhen({ unit }: Figure): string {
  return unit.endsWith('/s') ? 'longer is better' : 'shorter is better';
}

/** @param content markup */
function text(x: number, y: number, content: string, kind: string): string {
  return `<text x="${x}" y="${y}"${kind === '' ? '' : ` class="${kind}"`}>${content}</text>`;
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
