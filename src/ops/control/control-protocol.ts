import { ERROR_CODES, type ErrorCode, GatewayError } from '../../base/errors.js';
import { mismatch, quote } from '../requests/mismatch.js';
import { type NodeRequest, readRequest } from '../requests/requests.js';

/*
 * What is spoken on a control socket: one JSON object per line, a request (requests/requests.ts has them all) and then its
 * answer, as often as one likes.
 *
 *   {"command":"connections","offset":0,"limit":100}
 *
 *   {"ok":true,"result":…}
 *   {"ok":false,"error":{"code":"GW_EVENTS_COMPILE","message":"…"}}
 *
 * All fields but the command may be left out. A line that is too long ends the connection.
 */

/** Bytes of the longest request. */
export const MAX_REQUEST = 4 * 1024;

/** Bytes of the longest answer: a page of connections that are each in thousands of groups. */
export const MAX_ANSWER = 64 * 1024 * 1024;

/** @throws GW_CONTROL naming what was found and what was expected */
export function parseRequest(line: string): NodeRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw mismatch(`The line ${quote(line)} is not JSON`, 'one JSON object per line');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw mismatch(`The line ${quote(line)} is no object`, 'one JSON object per line');
  }
  return readRequest(value as Record<string, unknown>);
}

/**
 * The result that an answer carries.
 *
 * @throws the error that it carries; GW_CONTROL for a line that is no answer
 */
export function readAnswer(line: string): unknown {
  let answer: Partial<Record<string, unknown>>;
  try {
    answer = Object(JSON.parse(line));
  } catch {
    answer = {};
  }
  if (answer.ok === true) return answer.result;
  const { code, message } = Object(answer.error) as { code?: unknown; message?: unknown };
  if (answer.ok !== false || typeof code !== 'string' || typeof message !== 'string') {
    throw mismatch(`The node answered ${quote(line)}`, 'an answer of this version; restart the node');
  }
  // a node of another version may know codes that this one does not
  throw new GatewayError(Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'GW_CONTROL', message);
}
