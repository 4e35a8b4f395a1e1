import type { TraceEntry, TracePart } from '../../ops/requests/trace.js';
import { type AskError, ask } from './ask.js';
import { type Child, el, replace, setText } from './dom.js';
import { language, words } from './language.js';
import { bytes } from './quantity.js';
import { shown } from './shown.js';
import { linkTo } from './view.js';

/** Milliseconds between two looks. */
const PERIOD = 1000;
/** Entries that stay. */
const MOST = 500;
const LENGTH = 2000;

const ARROWS = { in: '→', out: '←', about: '·' } as const;

/** Whose: a client's, or of all with a uid, or in a group. */
export type Traced = { readonly clientId: string } | { readonly uid: string } | { readonly group: string };

/** What happens to clients, as it happens: nothing is traced until its button is pressed. */
export class Trace {
  readonly element: HTMLElement;
  readonly #traced: Traced;
  readonly #list = el('ol', { class: 'log', tabindex: 0, hidden: true });
  readonly #status = el('span', { class: 'muted', role: 'status' });
  readonly #payload = el('input', { type: 'checkbox' });
  readonly #button = el('button', { type: 'button', onclick: () => this.#toggle() });
  readonly #clock = new Intl.DateTimeFormat(language(), {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hourCycle: 'h23',
  });
  /** Where the last part has ended, while it runs. */
  #next: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(traced: Traced) {
    const w = words();
    this.#traced = traced;
    this.#button.textContent = w.traceBegin;
    this.element = el(
      'section',
      { class: 'card', 'aria-label': w.trace },
      el('h2', {}, w.trace),
      el(
        'div',
        { class: 'pager' },
        this.#button,
        el('label', { class: 'check' }, this.#payload, w.wholeMessages),
        this.#status,
      ),
      this.#list,
    );
  }

  close(): void {
    clearTimeout(this.#timer);
    if (this.#next !== null) void this.#end();
  }

  #toggle(): void {
    if (this.#next === null) {
      this.#list.hidden = false;
      replace(this.#list);
      this.#button.textContent = words().traceEnd;
      this.#next = '';
      void this.#look();
    } else {
      clearTimeout(this.#timer);
      void this.#end();
      this.#over(words().traceOver);
    }
  }

  /** A node ends by itself what nobody reads: this spares it the wait. */
  async #end(): Promise<void> {
    const after = this.#next;
    this.#next = null;
    await ask('/api/trace', { ...this.#traced, after, stop: true }).catch(() => {});
  }

  async #look(): Promise<void> {
    try {
      const body = { ...this.#traced, after: this.#next, payload: this.#payload.checked };
      const part = (await ask('/api/trace', body)) as TracePart;
      // it was ended meanwhile
      if (this.#next === null) return;
      this.#next = part.next;
      this.#show(part);
      if (part.next === null) this.#over(shown(part.ended?.message ?? words().traceOver, 500));
      else this.#timer = setTimeout(() => void this.#look(), PERIOD);
    } catch (error) {
      this.#next = null;
      this.#over((error as AskError).message);
    }
  }

  #over(why: string): void {
    this.#button.textContent = words().traceBegin;
    setText(this.#status, why);
  }

  #show({ entries, dropped, clients, missing = [], others = [] }: TracePart): void {
    const w = words();
    const absent = [...missing, ...others.map(({ node, address }) => node || address)].map((name) =>
      shown(name),
    );
    setText(
      this.#status,
      [w.tracing(clients), ...(absent.length > 0 ? [w.without(absent.join(', '))] : [])].join('; '),
    );
    const list = this.#list;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.append(
      ...(dropped > 0 ? [el('li', { class: 'warn' }, w.traceDropped(dropped))] : []),
      ...entries.map((entry) => el('li', {}, ...this.#line(entry))),
    );
    while (list.childElementCount > MOST) list.firstElementChild?.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  #line({ time, clientId, direction, what, size, text, cut }: TraceEntry): Child[] {
    return [
      el('time', {}, this.#clock.format(time)),
      ` ${ARROWS[direction]} `,
      el('strong', {}, what),
      ' ',
      !('clientId' in this.#traced) && el('a', { href: linkTo('client', { id: clientId }) }, clientId),
      size !== undefined && el('span', { class: 'of' }, ` ${bytes(size)} `),
      el('bdi', {}, ` ${shown(text, LENGTH)}${cut === true ? '…' : ''}`),
    ];
  }
}
