import { LiveFeed } from './live-feed.js';
import type { AdminNode, Route } from './route.js';

const feeds = new WeakMap<AdminNode, LiveFeed>();

/** What the page shows as it changes. */
export const liveRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/live',
    handle(exchange, { node, readOnly, clock }) {
      let feed = feeds.get(node);
      if (feed === undefined) {
        feed = new LiveFeed(node, clock);
        feeds.set(node, feed);
      }
      feed.watch(exchange, { readOnly });
    },
  },
];
