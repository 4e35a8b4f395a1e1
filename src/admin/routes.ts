import { callRoutes } from './call-routes.js';
import { healthRoutes } from './health.js';
import { loginRoutes } from './login.js';
import { metricsRoute } from './metrics.js';
import { type Route, routeOf } from './route.js';

/** Everything that can be asked of the admin listener. What few ask for is loaded by who asks first. */
export const routes: readonly Route[] = [
  ...healthRoutes,
  ...loginRoutes,
  metricsRoute,
  routeOf('status'),
  routeOf('connections'),
  routeOf('reload'),
  ...callRoutes,
];
