import { type Child, el, replace } from './dom.js';
import { words } from './language.js';

/** A dialog over the page: Escape closes it, and the focus goes back to where it was. */
export class Dialog {
  readonly #element: HTMLDialogElement;
  readonly #body = el('div', { class: 'dialog-body' });
  readonly #buttons = el('div', { class: 'buttons' });

  /** @param onClose it is closed, however that came about */
  constructor(title: string, onClose: () => void = () => {}) {
    this.#element = el(
      'dialog',
      { 'aria-label': title, class: 'card' },
      el('h2', {}, title),
      this.#body,
      this.#buttons,
    );
    this.#element.addEventListener('close', () => {
      this.#element.remove();
      onClose();
    });
    document.body.append(this.#element);
    this.#element.showModal();
  }

  /** Puts something else into it. @param buttons beside the one that closes it */
  show(body: readonly Child[], ...buttons: readonly HTMLElement[]): void {
    replace(this.#body, ...body);
    const leave = el(
      'button',
      { type: 'button', onclick: () => this.close() },
      buttons.length > 0 ? words().cancel : words().close,
    );
    replace(this.#buttons, leave, ...buttons);
    (this.#element.querySelector<HTMLElement>('[autofocus]') ?? leave).focus();
  }

  /** While something is under way: none of its buttons is of use. */
  wait(text: string): void {
    replace(this.#buttons, el('span', { class: 'muted', role: 'status' }, text));
  }

  close(): void {
    this.#element.close();
  }
}

/** A button that does what was asked for. */
export function doButton(
  name: string,
  onclick: () => void,
  kind: 'primary' | 'danger' = 'primary',
): HTMLButtonElement {
  return el('button', { type: 'button', class: kind, onclick }, name);
}
