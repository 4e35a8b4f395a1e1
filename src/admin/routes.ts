import { healthRoutes } from './health.js';
import { loginRoutes } from './login.js';
import { type Route, routeOf } from './route.js';

/** Everything that can be asked of the admin listener. What few ask for is loaded by who asks first. */
export const routes: readonly Route[] = [
  ...healthRoutes,
  ...loginRoutes,
  routeOf('status'),
  routeOf('connections'),
  routeOf('reload'),
];
