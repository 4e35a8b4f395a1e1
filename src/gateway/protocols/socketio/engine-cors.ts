import type { IncomingMessage, ServerResponse } from 'node:http';
import { originOf } from '../origins.js';

/** Seconds that a browser may remember what it may ask. */
const REMEMBERED = '600';

/**
 * Tells a browser that a page of another origin may read the answer: its origin has been admitted.
 *
 * @param anybody whether pages of all origins are: then they come without the cookies of this host
 */
export function allowOrigin(request: IncomingMessage, response: ServerResponse, anybody: boolean): void {
  const origin = originOf(request.headers);
  if (origin === undefined) return;
  response.setHeader('Access-Control-Allow-Origin', anybody ? '*' : origin);
  if (anybody) return;
  response.setHeader('Access-Control-Allow-Credentials', 'true');
  response.setHeader('Vary', 'Origin');
}

/** Answers the question whether a page may send a request. */
export function answerPreflight({ headers }: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Access-Control-Allow-Methods', 'GET, POST');
  response.setHeader('Access-Control-Max-Age', REMEMBERED);
  const asked = headers['access-control-request-headers'];
  if (asked !== undefined) response.setHeader('Access-Control-Allow-Headers', asked);
  response.writeHead(204, { 'Content-Length': 0 }).end();
}
