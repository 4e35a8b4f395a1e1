import { type Child, el, replace } from './dom.js';
import { words } from './language.js';

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Child;
  /** Whether it holds figures, which stand below one another. */
  readonly figures?: boolean;
}

/** Rows under their titles; on a phone each row is a card, whose cells say what they are. */
export class Table<Row> {
  readonly element: HTMLElement;
  readonly #columns: readonly Column<Row>[];
  readonly #body = el('tbody');

  constructor(caption: string, columns: readonly Column<Row>[]) {
    this.#columns = columns;
    this.element = el(
      'table',
      {},
      el('caption', { class: 'hidden' }, caption),
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          ...columns.map(({ title, figures }) =>
            el('th', { scope: 'col', class: figures && 'figures' }, title),
          ),
        ),
      ),
      this.#body,
    );
  }

  show(rows: readonly Row[]): void {
    const none = el(
      'tr',
      {},
      el('td', { colspan: this.#columns.length, class: 'muted' }, words().nothingFound),
    );
    replace(this.#body, ...(rows.length === 0 ? [none] : rows.map((row) => this.#rowOf(row))));
  }

  #rowOf(row: Row): HTMLElement {
    return el(
      'tr',
      {},
      ...this.#columns.map(({ title, cell, figures }) =>
        el('td', { 'data-title': title, class: figures && 'figures' }, cell(row)),
      ),
    );
  }
}
