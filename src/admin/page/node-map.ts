import type { LiveNode, LiveSample } from '../../ops/requests/live.js';
import { el, replace, setAttribute, setText } from './dom.js';
import { isGroup } from './figures.js';
import type { History } from './history.js';
import { words } from './language.js';
import { addressed, linksOf, type NodeLink } from './links.js';
import { Mesh } from './mesh.js';
import { meter } from './meter.js';
import { bytes, percent, rate } from './quantity.js';
import { named, shown } from './shown.js';
import { SlotCell } from './slot-cell.js';

/** The nodes, each a card with its workers, and the links between them as a picture. */
export class NodeMap {
  readonly element: HTMLElement;
  readonly #mesh = new Mesh();
  readonly #list = el('div', { class: 'nodes' });
  readonly #register = el('p', { class: 'muted' });
  readonly #cards = new Map<number, NodeCard>();

  constructor() {
    this.element = el(
      'div',
      { class: 'map' },
      this.#mesh.element,
      el('div', { class: 'nodes-box' }, this.#list, this.#register),
    );
  }

  update(sample: LiveSample, history: History): void {
    const links = linksOf(sample);
    for (const number of this.#cards.keys()) {
      if (sample.nodes.some((node) => node.number === number)) continue;
      this.#cards.get(number)?.element.remove();
      this.#cards.delete(number);
    }
    for (const node of sample.nodes) {
      let card = this.#cards.get(node.number);
      if (card === undefined) {
        card = new NodeCard();
        this.#cards.set(node.number, card);
        this.#list.append(card.element);
      }
      card.update(sample, node, history, links);
    }
    this.#mesh.update(sample, history, links);
    const hosted = sample.group?.cluster?.register ?? sample.nodes[0]?.now?.status.cluster.register;
    setText(
      this.#register,
      hosted === undefined ? '' : words().registerAt(shown(hosted.address), hosted.gateways.length),
    );
  }
}

/** One node: its main thread, its workers, and its links. */
class NodeCard {
  readonly element: HTMLElement;
  readonly #name = el('h3');
  readonly #state = el('span', { class: 'state' });
  readonly #facts = el('p', { class: 'muted' });
  readonly #load = meter(words().main);
  readonly #slots = el('ul', { class: 'slots' });
  readonly #links = el('ul', { class: 'links' });
  readonly #cells: SlotCell[] = [];
  #shownName = '';
  #shownLinks = '';

  constructor() {
    this.element = el(
      'article',
      { class: 'node' },
      el('header', {}, this.#name, this.#state),
      this.#facts,
      this.#load.element,
      this.#slots,
      this.#links,
    );
  }

  update(sample: LiveSample, node: LiveNode, history: History, links: readonly NodeLink[]): void {
    const w = words();
    if (this.#shownName !== node.name) {
      this.#shownName = node.name;
      replace(this.#name, named(node.name, 40));
    }
    setText(this.#state, w.states[node.state]);
    setAttribute(this.element, 'data-state', node.state);
    const rates = history.rates.get(node.number);
    const status = node.now?.status;
    this.#load.show(rates?.load ?? 0, percent(rates?.load ?? 0));
    setText(
      this.#facts,
      status === undefined
        ? shown(node.lastExit ?? '')
        : [
            w.clientsHere(status.connections),
            `${rate(rates?.messagesIn ?? 0)} ↓ ${rate(rates?.messagesOut ?? 0)} ↑ ${w.perSecond}`,
            bytes(status.memory.rss),
          ].join(' · '),
    );
    const workers = status?.workers ?? [];
    while (this.#cells.length > workers.length) this.#cells.pop()?.element.remove();
    for (const [index, worker] of workers.entries()) {
      let cell = this.#cells.at(index);
      if (cell === undefined) {
        cell = new SlotCell();
        this.#cells.push(cell);
        this.#slots.append(cell.element);
      }
      cell.update(worker, node.now?.threads[index]?.threads ?? [], sample.time);
    }
    this.#showLinks(sample, node, links);
  }

  #showLinks(sample: LiveSample, node: LiveNode, all: readonly NodeLink[]): void {
    const links = all.filter(({ from, to, up, waiting }) => {
      const own = from === node.name || to === node.name;
      // within a group only what is not as it should be: the picture has the rest
      return own && (!up || waiting > 0 || !isGroup(sample));
    });
    const said = JSON.stringify(links);
    if (said === this.#shownLinks) return;
    this.#shownLinks = said;
    replace(
      this.#links,
      ...links.map(({ from, to, address, up, waiting, state }) =>
        el(
          'li',
          { class: up ? '' : 'bad' },
          el('bdi', { class: 'name' }, from === node.name ? addressed(to, address) : shown(from)),
          ` ${up ? words().linkUp : shown(state)}${waiting > 0 ? `, ${bytes(waiting)}` : ''}`,
        ),
      ),
    );
  }
}
