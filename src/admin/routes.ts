import { callRoutes } from './call-routes.js';
import { healthRoutes } from './health.js';
import { listRoutes } from './list-routes.js';
import { liveRoutes } from './live-routes.js';
import { loginRoutes } from './login.js';
import { pageRoutes } from './page-routes.js';
import { metricsRoute } from './metrics.js';
import { type Route, routeOf } from './route.js';

/** Everything that can be asked of the admin listener. What few ask for is loaded by who asks first. */
export const routes: readonly Route[] = [
  ...healthRoutes,
  ...loginRoutes,
  ...pageRoutes,
  ...liveRoutes,
  metricsRoute,
  routeOf('status', 'How the node is, or the group: what the status command shows.'),
  routeOf('connections', 'The clients’ connections, page by page.'),
  routeOf('reload', 'Replaces the code in events/ without a client noticing.'),
  ...listRoutes,
  ...callRoutes,
  {
    method: 'GET',
    path: '/openapi.json',
    async handle(exchange, { version }) {
      const { openApi } = await import('./openapi.js');
      exchange.sendJson(200, openApi(routes, version));
    },
  },
];
