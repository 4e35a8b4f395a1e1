import { el, setAttribute, setText } from './dom.js';

/** A bar with its figure beside it. */
export interface Meter {
  readonly element: HTMLElement;
  /** @param share from 0 to 1 */
  show(share: number, text: string): void;
}

/** From which share on a bar warns, and alarms. */
const HIGH = 0.7;
const FULL = 0.9;

export function meter(name: string): Meter {
  const bar = el('span', { class: 'fill' });
  const value = el('span', { class: 'value' });
  const element = el(
    'div',
    { class: 'meter' },
    el('span', { class: 'label' }, name),
    el('span', { class: 'track', 'aria-hidden': 'true' }, bar),
    value,
  );
  return {
    element,
    show(share, text) {
      bar.style.inlineSize = `${Math.round(Math.min(1, Math.max(0, share)) * 100)}%`;
      setAttribute(element, 'data-level', share >= FULL ? 'full' : share >= HIGH ? 'high' : 'fine');
      setText(value, text);
    },
  };
}
