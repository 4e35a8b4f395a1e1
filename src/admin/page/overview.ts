import { Charts } from './charts.js';
import { el, replace, setText } from './dom.js';
import { type Figures, figuresOf } from './figures.js';
import type { History } from './history.js';
import { words } from './language.js';
import { NodeMap } from './node-map.js';
import { type Problem, fitting, pastInShort, pastProblems, problemsOf } from './problems.js';
import { age, bytes, count, percent, rate } from './quantity.js';
import type { Stage, View } from './view.js';

/** What a figure is called, and how it is written. */
type Tile = readonly [name: string, value: (figures: Figures, history: History) => string];

/** The first screen: what is slow or wrong, in words; then figures, the map, and how it has gone. */
export class Overview implements View {
  readonly element: HTMLElement;
  readonly #stage: Stage;
  readonly #problems = el('ul', { class: 'problems' });
  readonly #past = el('ul', { class: 'problems' });
  readonly #pastInShort = el('summary');
  readonly #pastBox: HTMLElement;
  readonly #tiles: readonly (readonly [HTMLElement, Tile[1]])[];
  readonly #map = new NodeMap();
  readonly #charts: Charts;
  #said = '';

  constructor(stage: Stage) {
    const w = words();
    this.#stage = stage;
    this.#charts = new Charts(stage.live.history);
    this.#pastBox = el('details', { hidden: true }, this.#pastInShort, this.#past);
    const tiles: readonly Tile[] = [
      [w.clients, ({ clients }) => count(clients)],
      [w.messagesIn, (_, history) => `${rate(history.last('messagesIn'))} ${w.perSecond}`],
      [w.messagesOut, (_, history) => `${rate(history.last('messagesOut'))} ${w.perSecond}`],
      [w.events, (_, history) => `${rate(history.last('events'))} ${w.perSecond}`],
      [w.queueAge, ({ queueAge }) => age(queueAge)],
      [w.queue, ({ queueBytes }) => bytes(queueBytes)],
      [w.load, (_, history) => percent(history.last('load'))],
      [
        w.workersServe,
        ({ serving, workers }) => (serving === workers ? count(workers) : `${serving} / ${workers}`),
      ],
      [w.memory, ({ memory }) => bytes(memory)],
    ];
    const values = tiles.map(([, value]) => [el('dd'), value] as const);
    this.#tiles = values;
    this.element = el(
      'div',
      { class: 'overview' },
      el(
        'section',
        { class: 'card', 'aria-label': w.health },
        el('h2', {}, w.health),
        el('div', { role: 'status' }, this.#problems),
        this.#pastBox,
      ),
      el(
        'section',
        { 'aria-label': w.figures },
        el(
          'dl',
          { class: 'tiles' },
          ...tiles.map(([name], index) =>
            el('div', { class: 'card tile' }, el('dt', {}, name), values[index][0]),
          ),
        ),
      ),
      el('section', { class: 'card', 'aria-label': w.map }, el('h2', {}, w.map), this.#map.element),
      el('section', { class: 'charts', 'aria-label': w.charts }, ...this.#charts.elements),
    );
  }

  update(): void {
    const { sample, history, tally } = this.#stage.live;
    if (sample === undefined) {
      replace(this.#problems, el('li', { class: 'muted' }, words().waiting));
      return;
    }
    const past = pastProblems(sample, tally);
    this.#say(problemsOf(sample, history, tally), past, pastInShort(sample, tally));
    const figures = figuresOf(sample);
    for (const [element, value] of this.#tiles) setText(element, value(figures, history));
    this.#map.update(sample, history);
    this.#charts.update();
  }

  close(): void {
    this.#charts.close();
  }

  /** Only what has changed is said anew. */
  #say(problems: readonly Problem[], past: readonly Problem[], inShort: Problem): void {
    const said = JSON.stringify([problems, past, inShort]);
    if (said === this.#said) return;
    this.#said = said;
    const w = words();
    const lines =
      problems.length === 0 ? [el('li', { class: 'good' }, w.healthy)] : fitting(problems).map(line);
    replace(this.#problems, ...lines);
    replace(this.#past, ...fitting(past).map(line));
    setText(this.#pastInShort, inShort.text);
    this.#pastInShort.className = inShort.weight;
    this.#pastBox.hidden = past.length === 0;
  }
}

function line({ weight, text }: Problem): HTMLElement {
  return el('li', { class: weight }, el('strong', {}, words().weights[weight]), ' ', text);
}
