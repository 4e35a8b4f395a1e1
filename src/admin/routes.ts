import { callRoutes } from './call-routes.js';
import { healthRoutes } from './health.js';
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
  routeOf('status'),
  routeOf('connections'),
  routeOf('reload'),
  ...(['clients', 'groups', 'uids', 'client', 'log'] as const).flatMap((list) => [
    routeOf(list),
    routeOf(list, 'POST'),
  ]),
  ...callRoutes,
];
