import { isUtf8 } from 'node:buffer';
import { GatewayError } from '../../base/errors.js';
import { commandName } from '../../wire/command.js';
import { parseWithBigInts } from '../../wire/big-int-json.js';
import type { ReceivedFrame } from '../../wire/frame.js';
import { MAX_REASON, isCloseCode } from '../../wire/close-code.js';
import { refuseDeep } from '../../wire/session-depth.js';
import type { UidClaim } from '../uid-claims.js';
import { type Session, type SessionPatch, decodePhpPatch, isPhpSession } from '../../wire/session.js';

const NONE: ReadonlySet<number> = new Set();
const NOTHING = {};
/** What stands for bytes that are no UTF-8 where they were made text. */
const REPLACEMENT = '\ufffd';

/** A frame's ext_data as JSON; ints beyond 2^53 in it are strings. @throws GW_FRAME when it is none */
function json(frame: ReceivedFrame): unknown {
  return parsed(frame, parseWithBigInts);
}

function parsed(frame: ReceivedFrame, parse: (text: string) => unknown): unknown {
  try {
    return parse(frame.extText());
  } catch (cause) {
    throw new GatewayError(
      'GW_FRAME',
      `${commandName(frame.command)} came with ext_data that is not JSON: ${(cause as Error).message}.`,
      { cause },
    );
  }
}

/** A frame's ext_data as a JSON object. @throws GW_FRAME */
export function jsonObject(frame: ReceivedFrame, value: unknown = json(frame)): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw unexpected(frame, 'an object');
  return value as Record<string, unknown>;
}

/** The uid or group that is a frame's ext_data. @throws GW_FRAME when it is not UTF-8: several such would be one */
export function nameOf(frame: ReceivedFrame): string {
  const name = frame.extText();
  if (name.includes(REPLACEMENT) && !isUtf8(frame.ext)) throw unexpected(frame, 'a name that is valid UTF-8');
  return name;
}

/** A list of uids or groups. PHP sends a list with gaps as an object, and numbers as numbers. @throws GW_FRAME */
export function nameList(frame: ReceivedFrame, value: unknown = json(frame)): string[] {
  if (typeof value !== 'object' || value === null) throw unexpected(frame, 'a list');
  return Object.values(value).map((item) => arrayKey(frame, item));
}

/** A name out of a list as PHP makes an array's key of it, by which its gateways look the name up. */
function arrayKey(frame: ReceivedFrame, item: unknown): string {
  switch (typeof item) {
    case 'string':
      if (item.isWellFormed()) return item;
      break;
    case 'number':
      // a fraction is cut off, and what no int64 holds wraps around
      return Number.isSafeInteger(item) ? String(item) : String(BigInt.asIntN(64, BigInt(Math.trunc(item))));
    case 'boolean':
      return item ? '1' : '0';
    case 'object':
      if (item === null) return '';
  }
  throw unexpected(frame, 'a list of names');
}

/** Connection ids as PHP sends them: a list, or an object with them as keys and values; null and nothing are no ids. */
export function connectionIds(value: unknown): ReadonlySet<number> {
  if (typeof value !== 'object' || value === null) return NONE;
  return new Set(Object.values(value).map((id) => (typeof id === 'object' ? 0 : Number(id))));
}

/** How a websocket is to be closed: both undefined where the frame does not say. @throws GW_FRAME */
export function closing(frame: ReceivedFrame): { readonly code?: number; readonly reason?: string } {
  return frame.extStart === frame.bodyStart ? NOTHING : closingOf(frame, jsonObject(frame));
}

/** @throws GW_FRAME */
export function closingOf(
  frame: ReceivedFrame,
  { code, reason }: Record<string, unknown>,
): { readonly code?: number; readonly reason?: string } {
  if (code === undefined && reason === undefined) return NOTHING;
  if (!isCloseCode(code) || typeof reason !== 'string' || Buffer.byteLength(reason) > MAX_REASON) {
    throw unexpected(frame, 'a close code and a reason');
  }
  return { code: code as number, reason };
}

/** A client's claim to a uid. @throws GW_FRAME */
export function uidClaim(frame: ReceivedFrame, { uid, client, at }: Record<string, unknown>): UidClaim {
  if (typeof uid !== 'string' || uid === '' || typeof client !== 'string' || typeof at !== 'number') {
    throw unexpected(frame, 'a uid, a client and a time');
  }
  return { uid, clientId: client, at };
}

/** What a handler changed in a session. @throws GW_FRAME, GW_SESSION, GW_SERIALIZE */
export function sessionPatch(frame: ReceivedFrame): SessionPatch {
  if (isPhpSession(frame.ext)) return decodePhpPatch(frame.ext);
  // in a session a number is one
  const { set, delete: deleted } = jsonObject(frame, parsed(frame, JSON.parse));
  if (typeof set !== 'object' || set === null) throw unexpected(frame, 'an object `set`');
  refuseDeep('A session', set, frame.bodyStart - frame.extStart);
  return { set: set as Session, delete: keyList(frame, deleted) };
}

function keyList(frame: ReceivedFrame, value: unknown): string[] {
  if (!Array.isArray(value) || value.some((key) => typeof key !== 'string')) {
    throw unexpected(frame, 'a list `delete` of strings');
  }
  return value as string[];
}

function unexpected(frame: ReceivedFrame, expected: string): GatewayError {
  return new GatewayError(
    'GW_FRAME',
    `${commandName(frame.command)} came without ${expected} in its ext_data.`,
  );
}
