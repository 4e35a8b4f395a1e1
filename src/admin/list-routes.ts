import { type Route, routeOf } from './route.js';

const LISTS = {
  clients: 'Clients, page by page: all, or those of a group or a uid, and those that a text is found in.',
  groups: 'Groups that have a client, in their order, and how many each has.',
  uids: 'Uids that a client has, in their order, and how many have each.',
  client: 'Everything that is known of a client; null when it is not there.',
  log: 'What the log has said lately.',
  trace:
    'What happens to a client, or those of a uid or a group, from now on: ask again with after, which is next of the answer before.',
} as const;

/** What the page lists. The questions are posted: a uid may be longer than a url. */
export const listRoutes: readonly Route[] = Object.entries(LISTS).map(([list, summary]) =>
  routeOf(list as keyof typeof LISTS, summary, 'POST'),
);
