import { el } from './dom.js';
import { LANGUAGES, type Language, language, useLanguage, words } from './language.js';

/** @param onChange everything is to be said anew */
export function languageSwitch(onChange: () => void): HTMLElement {
  const options = Object.entries(LANGUAGES).map(([value, name]) =>
    el('option', { value, lang: value, selected: value === language() }, name),
  );
  const select = el(
    'select',
    {
      'aria-label': words().language,
      onchange: () => {
        useLanguage(select.value as Language);
        onChange();
      },
    },
    ...options,
  );
  return select;
}
