import type { Route } from './route.js';

/** The Gateway API over HTTP. What checks and makes the calls is loaded with the first of them. */
export const callRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/api/batch',
    handle: async (exchange, context) =>
      await (await import('./calls/answer-call.js')).answerBatch(exchange, context),
  },
  {
    method: 'POST',
    path: '/api/*',
    handle: async (exchange, context) =>
      await (await import('./calls/answer-call.js')).answerCall(exchange, context),
  },
];
