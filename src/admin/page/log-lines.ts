import type { LogLine, LogPart } from '../../ops/requests/log.js';
import { type AskError, ask } from './ask.js';
import { el, replace } from './dom.js';
import { language, words } from './language.js';
import { shown } from './shown.js';

/** Milliseconds between two looks. */
const PERIOD = 1000;
/** Lines that stay. */
const MOST = 1000;

const LEVELS = [
  [50, 'error'],
  [40, 'warn'],
  [30, 'info'],
  [0, 'debug'],
] as const;

/** The log as it is written, from now on, and before it what warned. */
export class LogLines {
  readonly element = el('ol', { class: 'log', tabindex: 0 });
  readonly #clock = new Intl.DateTimeFormat(language(), {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  /** Lines of before this moment are left out. */
  readonly #since: number;
  #next = '';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** @param since milliseconds since 1970 */
  constructor(since = 0) {
    this.#since = since;
    replace(this.element, el('li', { class: 'muted' }, words().logEmpty));
  }

  /** Resolves with the first lines, and goes on. */
  async open(): Promise<void> {
    await this.#look();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    try {
      const { lines, next } = (await ask('/api/log', { after: this.#next })) as LogPart;
      this.#next = next;
      this.#show(lines.filter(({ time }) => time === 0 || time >= this.#since));
    } catch (error) {
      this.element.dataset.trouble = (error as AskError).message;
    }
    if (!this.#closed) this.#timer = setTimeout(() => void this.#look(), PERIOD);
  }

  #show(lines: readonly LogLine[]): void {
    if (lines.length === 0) return;
    const { element } = this;
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
    element.querySelector('.muted')?.remove();
    element.append(...lines.map((line) => this.#line(line)));
    while (element.childElementCount > MOST) element.firstElementChild?.remove();
    if (atEnd) element.scrollTop = element.scrollHeight;
  }

  #line({ time, level, text, node, worker, stack }: LogLine): HTMLElement {
    const [, name] = LEVELS.find(([from]) => level >= from) ?? LEVELS[LEVELS.length - 1];
    const of = [node === null ? '' : shown(node, 40), worker === null ? '' : words().worker(worker)].filter(
      (one) => one !== '',
    );
    const parts = [
      el('time', {}, this.#clock.format(time)),
      ' ',
      el('strong', {}, words().levels[name]),
      ' ',
      of.length > 0 && el('span', { class: 'of' }, `${of.join(' · ')} `),
      el('span', {}, shown(text, 4000)),
    ];
    if (stack === null) return el('li', { class: name }, ...parts);
    const details = el(
      'details',
      {},
      el('summary', {}, ...parts),
      el('pre', { dir: 'ltr' }, shownLines(stack)),
    );
    return el('li', { class: name }, details);
  }
}

function shownLines(text: string): string {
  return text
    .split('\n')
    .map((line) => shown(line, 500))
    .join('\n');
}
