import { messageOf } from '../../base/error-text.js';
import { ERROR_CODES, type ErrorCode, GatewayError } from '../../base/errors.js';
import type { Controllable } from '../requests/status.js';

/*
 * What is spoken on a control socket: one JSON object per line, a request and then its answer, as often as one likes.
 *
 *   {"command":"status"}                               NodeStatus
 *   {"command":"connections","offset":0,"limit":100}   ConnectionPage
 *   {"command":"reload","graceful":false}              null, when the new code runs; {"note":"…"} when something is to be said
 *   {"command":"stop","graceful":false}                null, when the node has stopped
 *
 *   {"ok":true,"result":…}
 *   {"ok":false,"error":{"code":"GW_EVENTS_COMPILE","message":"…"}}
 *
 * All fields but the command may be left out. A line that is too long ends the connection.
 */

export type ControlRequest =
  | { readonly command: 'status' }
  | { readonly command: 'connections'; readonly offset: number; readonly limit: number }
  | { readonly command: 'reload' | 'stop'; readonly graceful: boolean };

export type ControlAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: { readonly code: ErrorCode; readonly message: string } };

/** Bytes of the longest request. */
export const MAX_REQUEST = 4 * 1024;

/** Bytes of the longest answer: a page of connections that are each in thousands of groups. */
export const MAX_ANSWER = 64 * 1024 * 1024;

/** Connections of one page at most. */
export const MAX_PAGE = 1000;

const DEFAULT_PAGE = 100;
/** Longest piece of a request that an error quotes. */
const QUOTED = 40;

/** @throws GW_CONTROL naming what was found and what was expected */
export function parseRequest(line: string): ControlRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw wrong(`The line ${quote(line)} is not JSON`, 'one JSON object per line');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong(`The line ${quote(line)} is no object`, 'one JSON object per line');
  }
  const fields = value as Record<string, unknown>;
  switch (fields.command) {
    case 'status':
      return { command: 'status' };
    case 'connections':
      return {
        command: 'connections',
        offset: readInteger(fields, 'offset', { minimum: 0, maximum: Number.MAX_SAFE_INTEGER, fallback: 0 }),
        limit: readInteger(fields, 'limit', { minimum: 1, maximum: MAX_PAGE, fallback: DEFAULT_PAGE }),
      };
    case 'reload':
    case 'stop':
      return { command: fields.command, graceful: readBoolean(fields, 'graceful') };
    default:
      throw wrong(`The command is ${quote(fields.command)}`, 'status, connections, reload or stop');
  }
}

/** @returns what the answer carries @throws what the node throws */
export async function carryOut(request: ControlRequest, node: Controllable): Promise<unknown> {
  switch (request.command) {
    case 'status':
      return await node.status();
    case 'connections':
      return await node.connections(request.offset, request.limit);
    case 'reload':
      return (await node.reload(request.graceful)) ?? null;
    default:
      return (await node.stop(request.graceful)) ?? null;
  }
}

export function failure(error: unknown): ControlAnswer {
  // one of ours says why in its message already
  if (error instanceof GatewayError)
    return { ok: false, error: { code: error.code, message: error.message } };
  return { ok: false, error: { code: 'GW_CONTROL', message: messageOf(error) } };
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
    throw wrong(`The node answered ${quote(line)}`, 'an answer of this version; restart the node');
  }
  // a node of another version may know codes that this one does not
  throw new GatewayError(Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'GW_CONTROL', message);
}

function readInteger(
  fields: Record<string, unknown>,
  name: string,
  { minimum, maximum, fallback }: { minimum: number; maximum: number; fallback: number },
): number {
  const value = fields[name] ?? fallback;
  if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum) {
    return value;
  }
  throw wrong(`${name} is ${quote(value)}`, `an integer from ${minimum} to ${maximum}`);
}

function readBoolean(fields: Record<string, unknown>, name: string): boolean {
  const value = fields[name] ?? false;
  if (typeof value === 'boolean') return value;
  throw wrong(`${name} is ${quote(value)}`, 'true or false');
}

function wrong(found: string, expected: string): GatewayError {
  return new GatewayError('GW_CONTROL', `${found}: expected ${expected}.`);
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
}
