import type { AskError } from './ask.js';
import { el, setText } from './dom.js';
import { words } from './language.js';

/** A part of a list. */
export interface Part {
  /** Where the next one begins; null at the end. */
  readonly next: string | null;
}

export interface PagerOptions<P extends Part> {
  /** @param after where it begins; '' for the first */
  readonly load: (after: string, signal: AbortSignal) => Promise<P>;
  readonly show: (part: P) => void;
  /** What is said of it, in a line. */
  readonly describe: (part: P) => string;
}

/** Leads through a list of which one part is here at a time. */
export class Pager<P extends Part> {
  readonly element: HTMLElement;
  readonly #options: PagerOptions<P>;
  readonly #status = el('p', { class: 'muted', role: 'status' });
  readonly #back: HTMLButtonElement;
  readonly #next: HTMLButtonElement;
  /** Where the parts up to this one began. */
  #places: string[] = [''];
  #following: string | null = null;
  #asking = new AbortController();

  constructor(options: PagerOptions<P>) {
    const w = words();
    this.#options = options;
    this.#back = el('button', { type: 'button', onclick: () => this.#goBack() }, w.previous);
    this.#next = el('button', { type: 'button', onclick: () => this.#goOn() }, w.next);
    const again = el('button', { type: 'button', class: 'quiet', onclick: () => void this.#load() }, w.again);
    this.element = el('div', { class: 'pager' }, this.#back, this.#next, again, this.#status);
  }

  /** From the beginning. */
  restart(): void {
    this.#places = [''];
    void this.#load();
  }

  close(): void {
    this.#asking.abort();
  }

  #goOn(): void {
    if (this.#following === null) return;
    this.#places.push(this.#following);
    void this.#load();
  }

  #goBack(): void {
    if (this.#places.length > 1) this.#places.pop();
    void this.#load();
  }

  async #load(): Promise<void> {
    this.#asking.abort();
    const asking = new AbortController();
    this.#asking = asking;
    setText(this.#status, words().looking);
    try {
      const part = await this.#options.load(this.#places.at(-1) ?? '', asking.signal);
      if (asking.signal.aborted) return;
      this.#following = part.next;
      this.#options.show(part);
      setText(this.#status, this.#options.describe(part));
    } catch (error) {
      if (!asking.signal.aborted) setText(this.#status, (error as AskError).message);
    }
    this.#back.disabled = this.#places.length === 1;
    this.#next.disabled = this.#following === null;
  }
}
