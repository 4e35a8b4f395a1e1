import { Buffer } from 'node:buffer';
import { GatewayError } from '../base/errors.js';

/*
 * What a worker answers to ON_HANDSHAKE, as the body of HANDSHAKE_ANSWER. ext_data is the session, as in SET_SESSION; the
 * body is JSON:
 *
 *   {"grant":{"uid":"7","groups":["a"],"subprotocol":"chat","headers":[["X-Node","b"]]}}      let in; each key may be missing
 *   {"refusal":{"status":401,"text":"Wrong token","headers":[["WWW-Authenticate","Bearer"]]}}
 */

/** Lines of an HTTP head. */
export type HeaderFields = ReadonlyArray<readonly [name: string, value: string]>;

/** What a client has from its first event on. */
export interface HandshakeGrant {
  readonly uid?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  /** As stored (wire/session.ts). */
  readonly session?: Buffer | undefined;
  /** One of those that it offers. */
  readonly subprotocol?: string | undefined;
  /** Of the 101. */
  readonly headers?: HeaderFields | undefined;
}

/** What a client that may not come in is told. */
export interface HandshakeRefusal {
  /** 400 to 599. */
  readonly status: number;
  readonly text: string;
  readonly headers: HeaderFields;
}

export type HandshakeAnswer = { readonly grant: HandshakeGrant } | { readonly refusal: HandshakeRefusal };

/** A refusal without further headers. */
export function refusal(status: number, text: string): { readonly refusal: HandshakeRefusal } {
  return { refusal: { status, text, headers: [] } };
}

/** The ext_data and the body. */
export function encodeHandshakeAnswer(answer: HandshakeAnswer): { ext: Buffer | string; body: string } {
  if ('refusal' in answer) return { ext: '', body: JSON.stringify(answer) };
  const { session = '', ...grant } = answer.grant;
  return { ext: session, body: JSON.stringify({ grant }) };
}

/** @param ext kept as it is: for the caller to copy @throws GW_FRAME when it is no such answer */
export function decodeHandshakeAnswer(ext: Buffer, body: string): HandshakeAnswer {
  const { grant, refusal: refused } = parse(body);
  if (isGrant(grant)) return { grant: { ...grant, session: ext.length === 0 ? undefined : ext } };
  if (isRefusal(refused)) return { refusal: refused };
  throw new GatewayError('GW_FRAME', 'The answer to a handshake has neither a grant nor a refusal.');
}

function isGrant(value: unknown): value is HandshakeGrant {
  if (!isRecord(value)) return false;
  const { uid = '', groups = [], subprotocol = '', headers = [] } = value;
  return areTexts([uid, subprotocol]) && areTexts(groups) && areFields(headers);
}

function isRefusal(value: unknown): value is HandshakeRefusal {
  if (!isRecord(value)) return false;
  const { status, text, headers } = value;
  return Number(status) >= 400 && Number(status) <= 599 && areTexts([text]) && areFields(headers);
}

function parse(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function areTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function areFields(value: unknown): boolean {
  return Array.isArray(value) && value.every((field: unknown) => areTexts(field));
}
