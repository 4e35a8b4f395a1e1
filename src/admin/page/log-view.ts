import { el } from './dom.js';
import { words } from './language.js';
import { LogLines } from './log-lines.js';
import type { View } from './view.js';

/** What the nodes log. */
export function logView(): View {
  const w = words();
  const lines = new LogLines();
  void lines.open();
  return {
    element: el(
      'section',
      { class: 'card' },
      el('h1', {}, w.log),
      el('p', { class: 'muted' }, w.logText),
      lines.element,
    ),
    close: () => lines.close(),
  };
}
