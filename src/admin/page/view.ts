import type { Live } from './live.js';
import type { Whom } from './send.js';

/** What a view is given. */
export interface Stage {
  readonly live: Live;
  /** What the address says after the name of the view. */
  readonly params: URLSearchParams;
}

/** A part of the page between the bar and the bottom: made when it is gone to, and closed when it is left. */
export interface View {
  readonly element: HTMLElement;
  /** Whose view it is: what is sent from the bar goes there, and where it is missing, to all. */
  readonly whom?: Whom;
  /** Another sample has come, or none. */
  update?(): void;
  close?(): void;
}

/** The address of a view. */
export function linkTo(view: string, params: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams(params).toString();
  return `#/${view}${query === '' ? '' : `?${query}`}`;
}
