import { fit, width } from './terminal-text.js';

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green';

const CODES: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
};

/** Writes in colour, or leaves it. */
export type Paint = (style: Style | undefined, text: string) => string;

export function painter(colours: boolean): Paint {
  return (style, text) => {
    if (!colours || style === undefined || text === '') return text;
    const [on, off] = CODES[style];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
}

export interface Column<Row> {
  readonly title: string;
  readonly align?: 'right';
  /** Columns of the terminal that it takes at most. */
  readonly limit?: number;
  readonly cell: (row: Row) => string;
  readonly style?: (row: Row) => Style | undefined;
}

const GAP = '  ';
const NARROW_GAP = ' ';

/**
 * The lines of a table, its titles first.
 *
 * @param limit columns of the terminal above which the table is set more tightly
 */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  paint: Paint,
  limit = Infinity,
): readonly string[] {
  const cells = columns.map(({ cell, limit: most }) => rows.map((row) => fit(cell(row), most ?? Infinity)));
  const widths = columns.map(({ title }, index) => Math.max(width(title), ...cells[index].map(width)));
  const total = widths.reduce((sum, columnWidth) => sum + columnWidth, 0) + GAP.length * (columns.length - 1);
  const gap = total > limit ? NARROW_GAP : GAP;
  const pad = (text: string, index: number): string => {
    const space = ' '.repeat(widths[index] - width(text));
    if (columns[index].align === 'right') return space + text;
    // no blanks at the ends of lines
    return index === columns.length - 1 ? text : text + space;
  };
  const titles = columns.map(({ title }, index) => pad(title, index)).join(gap);
  const lines = rows.map((row, number) =>
    columns
      .map(({ style }, index) => paint(style?.(row), pad(cells[index][number], index)))
      .join(gap)
      .trimEnd(),
  );
  return [paint('dim', titles.trimEnd()), ...lines];
}
