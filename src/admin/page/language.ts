import { chinese } from './chinese.js';
import { english, type Words } from './english.js';

const KEY = 'gatewayworker-language';

/** The languages of this page, as they call themselves. */
export const LANGUAGES = { en: 'English', zh: '中文' } as const;

export type Language = keyof typeof LANGUAGES;

let current: Language = chosen() ?? preferred();

export function language(): Language {
  return current;
}

/** What the page says, in the language of its reader. */
export function words(): Words {
  return current === 'zh' ? chinese : english;
}

/** From now on, and when the page is opened again. */
export function useLanguage(next: Language): void {
  current = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // a browser that keeps nothing asks anew
  }
}

function chosen(): Language | undefined {
  try {
    const stored = localStorage.getItem(KEY) ?? '';
    return stored in LANGUAGES ? (stored as Language) : undefined;
  } catch {
    return undefined;
  }
}

function preferred(): Language {
  return navigator.languages
    .find((one) => /^(?:en|zh)\b/i.test(one))
    ?.slice(0, 2)
    .toLowerCase() === 'zh'
    ? 'zh'
    : 'en';
}
