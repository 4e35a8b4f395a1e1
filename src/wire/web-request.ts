import { Buffer } from 'node:buffer';
import { GatewayError } from '../base/errors.js';
import type { HeaderFields } from './handshake-answer.js';

/*
 * A plain HTTP request that the application answers. ON_REQUEST has its head as JSON in ext_data, and the bytes of its body
 * as the body; REQUEST_ANSWER has the same of the answer:
 *
 *   {"method":"POST","url":"https://example.com/login","headers":[["Host","example.com"]],"remoteAddress":"192.0.2.7","mostBytes":10485760}
 *   {"status":201,"text":"Created","headers":[["Set-Cookie","a=b"],["Set-Cookie","c=d"]]}
 */

export interface WebRequestHead {
  readonly method: string;
  /** As the client sees it: `https://example.com/login?a=1`. */
  readonly url: string;
  /** As they came. */
  readonly headers: HeaderFields;
  readonly remoteAddress: string;
  /** Bytes that the answer's body may have. */
  readonly mostBytes: number;
}

export interface WebAnswer {
  /** 200 to 599. */
  readonly status: number;
  /** Behind the status; '' for the usual words. */
  readonly text: string;
  readonly headers: HeaderFields;
  readonly body: Uint8Array;
}

/** An answer that is a line of text; '' for the usual words. */
export function textAnswer(status: number, text: string): WebAnswer {
  const headers = [['Content-Type', 'text/plain; charset=utf-8']] as const;
  return { status, text: '', headers, body: Buffer.from(`${text}\n`) };
}

/** The ext_data of ON_REQUEST. */
export function encodeRequestHead(head: WebRequestHead): string {
  return JSON.stringify(head);
}

/** @throws GW_FRAME when it is no such head */
export function decodeRequestHead(ext: string): WebRequestHead {
  const head = parse(ext);
  const { method, url, headers, remoteAddress, mostBytes } = head;
  if (areTexts([method, url, remoteAddress]) && areFields(headers) && typeof mostBytes === 'number') {
    return head as unknown as WebRequestHead;
  }
  throw new GatewayError('GW_FRAME', 'An HTTP request came without method, url, headers or address.');
}

/** The ext_data and the body of REQUEST_ANSWER. */
export function encodeWebAnswer({ body, ...head }: WebAnswer): { ext: string; body: Uint8Array } {
  return { ext: JSON.stringify(head), body };
}

/** @param body kept as it is: for the caller to copy @throws GW_FRAME when it is no such answer */
export function decodeWebAnswer(ext: string, body: Uint8Array): WebAnswer {
  const { status, text, headers } = parse(ext);
  if (isStatus(status) && typeof text === 'string' && areFields(headers)) {
    return { status, text, headers: headers as HeaderFields, body };
  }
  throw new GatewayError('GW_FRAME', 'The answer to an HTTP request has no status, text or headers.');
}

function isStatus(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599;
}

function parse(ext: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(ext);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function areTexts(values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === 'string');
}

function areFields(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((field: unknown) => Array.isArray(field) && field.length === 2 && areTexts(field))
  );
}
