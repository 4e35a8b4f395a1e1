import type { LiveSample } from '../../ops/requests/live.js';
import { el, replace, setAttribute, setText, svg } from './dom.js';
import type { History } from './history.js';
import { words } from './language.js';
import { addressed, type NodeLink } from './links.js';
import { bytes, percent } from './quantity.js';
import { shown } from './shown.js';

const WIDTH = 360;
const HEIGHT = 300;
/** Two nodes are one above the other, and need no more than their names do. */
const PAIR = 190;
const CENTRE = { x: WIDTH / 2, y: HEIGHT / 2 - 6 };
const RADIUS = { x: 128, y: 100 };
/** With more nodes than this their names are left to the cards. */
const MOST_NAMES = 14;
const MOST_NODES = 40;
const NODE = 17;
const AROUND = 2 * Math.PI * NODE;
/** Bytes that wait on a link from which on it is drawn as slow. */
const SLOW = 100_000;

interface Dot {
  readonly name: string;
  readonly state: string;
  readonly load: number;
  /** What the pointer is told of it. */
  readonly title: string;
}

/** Nodes on a ring, and the links between them. It is told in words as well: by its label, and by the cards. */
export class Mesh {
  readonly #picture = svg('svg', { role: 'img' });
  readonly #legend = el('figcaption', { class: 'muted' });
  readonly element = el('figure', { class: 'mesh' }, this.#picture, this.#legend);
  #drawn = '';

  update(sample: LiveSample, history: History, links: readonly NodeLink[]): void {
    const dots = dotsOf(sample, history, links).slice(0, MOST_NODES);
    const broken = links.filter(({ up }) => !up).length;
    setAttribute(this.#picture, 'aria-label', words().mapOf(dots.length, links.length, broken));
    setAttribute(this.element, 'data-nodes', dots.length < 2 ? 'one' : dots.length === 2 ? 'two' : 'more');
    const width = dots.length === 2 ? PAIR : WIDTH;
    setAttribute(this.#picture, 'viewBox', `${(WIDTH - width) / 2} 0 ${width} ${HEIGHT}`);
    setText(this.#legend, dots.some(({ state }) => state === 'other') ? words().dotted : '');
    const drawn = JSON.stringify([dots.map((dot) => ({ ...dot, load: Math.round(dot.load * 50) })), links]);
    if (drawn === this.#drawn || dots.length < 2) return;
    this.#drawn = drawn;
    const places = new Map(dots.map(({ name }, index) => [name, placeOf(index, dots.length)]));
    replace(
      this.#picture,
      ...links.map((link) => line(link, places)),
      ...dots.map((dot, index) => circle(dot, placeOf(index, dots.length), dots.length <= MOST_NAMES)),
    );
  }
}

function dotsOf({ nodes }: LiveSample, history: History, links: readonly NodeLink[]): Dot[] {
  const own = nodes.map(({ name, state, number }) => {
    const load = history.rates.get(number)?.load ?? 0;
    return { name, state, load, title: `${shown(name)}: ${percent(load)}` };
  });
  const known = new Set(own.map(({ name }) => name));
  const w = words();
  // links begin at a node that is known
  const others = links
    .filter(({ to }) => !known.has(to))
    .map(
      ({ to, address, legacy }) =>
        [to, `${addressed(to, address)}: ${legacy ? w.phpPeer : w.otherNode}`] as const,
    );
  return [...own, ...[...new Map(others)].map(([name, title]) => ({ name, state: 'other', load: 0, title }))];
}

function placeOf(index: number, total: number): { x: number; y: number } {
  const angle = (index / total) * 2 * Math.PI - Math.PI / 2;
  return { x: CENTRE.x + RADIUS.x * Math.cos(angle), y: CENTRE.y + RADIUS.y * Math.sin(angle) };
}

function line(
  { from, to, up, state, waiting }: NodeLink,
  places: ReadonlyMap<string, { x: number; y: number }>,
): SVGElement | null {
  const [a, b] = [places.get(from), places.get(to)];
  if (a === undefined || b === undefined) return null;
  const level = !up ? 'bad' : waiting > SLOW ? 'slow' : waiting > 0 ? 'busy' : 'fine';
  return svg(
    'line',
    { class: `link ${level}`, x1: a.x, y1: a.y, x2: b.x, y2: b.y },
    svg('title', {}, `${shown(from)} – ${shown(to)}: ${shown(state)}, ${bytes(waiting)}`),
  );
}

function circle(
  { name, state, load, title }: Dot,
  { x, y }: { x: number; y: number },
  withName: boolean,
): SVGElement {
  const above = y < CENTRE.y - 20;
  return svg(
    'g',
    { class: `dot ${state}` },
    svg('title', {}, title),
    svg('circle', { class: 'body', cx: x, cy: y, r: NODE }),
    svg('circle', {
      class: 'load',
      cx: x,
      cy: y,
      r: NODE,
      'stroke-dasharray': `${load * AROUND} ${AROUND}`,
      transform: `rotate(-90 ${x} ${y})`,
    }),
    state !== 'other' && svg('text', { class: 'figure', x, y: y + 4 }, percent(load).replace(' ', '')),
    withName && svg('text', { class: 'title', x, y: above ? y - NODE - 7 : y + NODE + 16 }, shown(name, 18)),
  );
}
