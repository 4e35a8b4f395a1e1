import { el } from './dom.js';

/** Characters of a text that are shown in a list, and in full. */
const SHORT = 80;
const LONG = 20_000;

/** Control characters, and those that turn the direction of writing or cannot be seen. */
const HIDDEN =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
const HIDDEN_BUT_LINES = new RegExp(
  HIDDEN.source.replace('\\u0000-\\u001f', '\\u0000-\\u0009\\u000b-\\u001f'),
  'g',
);

/** Nothing but white space, and what is drawn as nothing. */
const BLANK = /^[\s\u2800\p{Default_Ignorable_Code_Point}]+$/u;

/** What somebody else has named, as text that takes no more than its place: cut, with nothing in it that is not seen. */
export function shown(text: string, limit = SHORT): string {
  const cut = text.slice(0, limit);
  // of a name that is blank there would be nothing to see, or to click
  const seen = BLANK.test(cut) ? cut.replaceAll(/[^]/g, written) : cut.replaceAll(HIDDEN, written);
  return text.length > limit ? `${seen}…` : seen;
}

/** The same as an element, whose direction of writing is nobody else's. */
export function named(text: string, limit = SHORT): HTMLElement {
  return el(
    'bdi',
    { class: 'name', title: text.length > limit ? shown(text, 1000) : undefined },
    shown(text, limit),
  );
}

/** A text of several lines. */
export function block(text: string, props: Readonly<Record<string, string>> = {}): HTMLElement {
  const cut = text.length > LONG ? `${text.slice(0, LONG)}…` : text;
  return el('pre', { dir: 'ltr', tabindex: 0, ...props }, cut.replaceAll(HIDDEN_BUT_LINES, written));
}

function written(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
