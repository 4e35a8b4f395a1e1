import { type Route, sendResult } from './route.js';

/** How a browser that was given the token in a link comes to its cookie, and loses it. */
export const loginRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/api/login',
    open: true,
    async handle(exchange, { guard }) {
      const { token } = Object(await exchange.json()) as { readonly token?: unknown };
      const cookie = await guard.logIn(exchange, typeof token === 'string' ? token : undefined);
      sendResult(exchange, true, { 'Set-Cookie': cookie });
    },
  },
  {
    method: 'POST',
    path: '/api/logout',
    handle: (exchange, { guard }) => sendResult(exchange, true, { 'Set-Cookie': guard.logOut(exchange) }),
  },
];
