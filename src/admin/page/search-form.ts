import { type Child, el } from './dom.js';
import { words } from './language.js';

/** Milliseconds that a reader pauses in a word, at most. */
const PAUSE = 300;

/** A field to search in, with what else belongs to it. @param onChange what is searched has changed, and the typing paused */
export function searchForm(
  hint: string,
  onChange: (text: string) => void,
  ...others: readonly Child[]
): { readonly element: HTMLElement; close(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const input = el('input', {
    type: 'search',
    placeholder: hint,
    'aria-label': `${words().search}: ${hint}`,
    maxlength: 1000,
    spellcheck: 'false',
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(() => onChange(input.value), PAUSE);
    },
  });
  const element = el(
    'form',
    {
      class: 'search',
      role: 'search',
      onsubmit: (event) => {
        event.preventDefault();
        clearTimeout(timer);
        onChange(input.value);
      },
    },
    input,
    ...others,
  );
  return { element, close: () => clearTimeout(timer) };
}
