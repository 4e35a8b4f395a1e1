import type { Admission } from './protocol.js';

interface TurnedAway {
  readonly status: number;
  readonly text: string;
}

/** What those are told in HTTP who may not come in; not so those for whom there is no worker. */
export const TURNED_AWAY: Readonly<Record<Exclude<Admission, 'welcome' | 'unavailable'>, TurnedAway>> = {
  full: { status: 503, text: 'This server takes no more clients at the moment' },
  crowded: { status: 429, text: 'There are too many connections from your address' },
  hurried: { status: 429, text: 'Connections from your address come too fast' },
};
