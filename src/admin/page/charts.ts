import uPlot from 'uplot';
import { el } from './dom.js';
import type { History, Line } from './history.js';
import { language, words } from './language.js';
import { age, bytes, count, percent, rate } from './quantity.js';

const HEIGHT = 170;
/** Widest labels of the vertical axes. */
const AXIS = 62;
/** Seconds that are shown until there are more. */
const LEAST = 60;

interface Kind {
  readonly title: string;
  readonly lines: readonly (readonly [line: Line, name: string])[];
  readonly format: (value: number) => string;
  /** What the axis reaches to at least. */
  readonly least: number;
}

/** How it has gone, drawn. Their newest figures stand in the tiles, as text. */
export class Charts {
  readonly elements: readonly HTMLElement[];
  readonly #history: History;
  readonly #plots: readonly { readonly box: HTMLElement; readonly kind: Kind; plot: uPlot | undefined }[];
  readonly #resized = new ResizeObserver(() => this.#fit());
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)');
  readonly #onScheme = (): void => this.#draw();

  constructor(history: History) {
    this.#history = history;
    this.#plots = kinds().map((kind) => ({ box: el('div', { class: 'plot' }), kind, plot: undefined }));
    this.elements = this.#plots.map(({ box, kind }) =>
      el('figure', { class: 'card chart' }, el('figcaption', {}, kind.title, legend(kind)), box),
    );
    for (const { box } of this.#plots) this.#resized.observe(box);
    this.#scheme.addEventListener('change', this.#onScheme);
  }

  update(): void {
    if (document.hidden) return;
    const { times, lines } = this.#history;
    for (const { plot, kind } of this.#plots)
      plot?.setData([times, ...kind.lines.map(([line]) => lines[line])]);
  }

  close(): void {
    this.#resized.disconnect();
    this.#scheme.removeEventListener('change', this.#onScheme);
    for (const { plot } of this.#plots) plot?.destroy();
  }

  #fit(): void {
    for (const one of this.#plots) {
      const width = one.box.clientWidth;
      if (width === 0) continue;
      if (one.plot === undefined) this.#drawOne(one);
      else if (one.plot.width !== width) one.plot.setSize({ width, height: HEIGHT });
    }
  }

  /** Anew, in the colours of now. */
  #draw(): void {
    for (const one of this.#plots) if (one.plot !== undefined) this.#drawOne(one);
  }

  #drawOne(one: { readonly box: HTMLElement; readonly kind: Kind; plot: uPlot | undefined }): void {
    one.plot?.destroy();
    const { times, lines } = this.#history;
    const data = [times, ...one.kind.lines.map(([line]) => lines[line])] as uPlot.AlignedData;
    one.plot = new uPlot(options(one.kind, one.box.clientWidth), data, one.box);
  }
}

function kinds(): readonly Kind[] {
  const w = words();
  return [
    {
      title: w.messagesChart,
      lines: [
        ['messagesIn', w.inShort],
        ['messagesOut', w.outShort],
        ['events', w.eventsShort],
      ],
      format: rate,
      least: 10,
    },
    { title: w.clientsChart, lines: [['clients', w.clients]], format: count, least: 10 },
    {
      title: w.latencyChart,
      lines: [
        ['usual', w.usualShort],
        ['slowest', w.slowestShort],
        ['queueAge', w.queueShort],
      ],
      format: age,
      least: 10,
    },
    {
      title: w.bytesChart,
      lines: [
        ['bytesIn', w.inShort],
        ['bytesOut', w.outShort],
      ],
      format: bytes,
      least: 1000,
    },
    { title: w.loadChart, lines: [['load', w.load]], format: percent, least: 1 },
    { title: w.memoryChart, lines: [['memory', w.memory]], format: bytes, least: 1e8 },
  ];
}

function legend({ lines }: Kind): HTMLElement | false {
  if (lines.length === 1) return false;
  return el(
    'span',
    { class: 'legend' },
    ...lines.map(([, name], index) => el('span', { class: `key line-${index}` }, name)),
  );
}

function options(kind: Kind, width: number): uPlot.Options {
  const { lines, format, least } = kind;
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const font = `12px ${style.getPropertyValue('font-family') || 'sans-serif'}`;
  const axis = {
    stroke: colour('--muted'),
    font,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const clock = new Intl.DateTimeFormat(language(), {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  return {
    width,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: (_, from, to) => [Math.min(from ?? 0, (to ?? 0) - LEAST), to ?? 0] },
      y: { range: (_, __, to) => [0, Math.max(least, (to ?? 0) * 1.1)] },
    },
    axes: [
      { ...axis, size: 26, space: 90, values: (_, times) => times.map((time) => clock.format(time * 1000)) },
      { ...axis, size: AXIS, space: 36, values: (_, values) => values.map(format) },
    ],
    series: [
      {},
      ...lines.map(([, name], index) => ({
        label: name,
        stroke: colour(`--line-${index}`),
        width: 1.75,
        points: { show: false },
        ...(lines.length === 1 && { fill: colour('--fill') }),
      })),
    ],
    hooks: { setCursor: [tellAt(kind)] },
  };
}

/** Under the pointer, the figures of that moment. */
function tellAt({ lines, format }: Kind): (plot: uPlot) => void {
  return ({ cursor: { idx }, data, over }) => {
    const at = idx === null || idx === undefined ? undefined : data[0].at(idx);
    if (at === undefined) {
      over.title = '';
      return;
    }
    const figures = lines.map(([, name], line) => `${name}: ${format(data[line + 1][idx as number] ?? 0)}`);
    over.title = [new Date(at * 1000).toLocaleTimeString(language()), ...figures].join('\n');
  };
}
