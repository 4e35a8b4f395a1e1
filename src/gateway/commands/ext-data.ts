import { GatewayError } from '../../errors.js';
import { commandName } from '../../wire/command.js';
import type { ReceivedFrame } from '../../wire/frame.js';
import { refuseDeep } from '../../wire/session-depth.js';
import type { Session, SessionPatch } from '../../wire/session.js';

const NONE: ReadonlySet<number> = new Set();

/** A frame's ext_data as JSON. @throws GW_FRAME when it is none */
export function json(frame: ReceivedFrame): unknown {
  try {
    return JSON.parse(frame.extText());
  } catch (cause) {
    throw new GatewayError(
      'GW_FRAME',
      `${commandName(frame.command)} came with ext_data that is not JSON: ${(cause as Error).message}.`,
      { cause },
    );
  }
}

/** A frame's ext_data as a JSON object. @throws GW_FRAME */
export function jsonObject(frame: ReceivedFrame): Record<string, unknown> {
  const value = json(frame);
  if (typeof value !== 'object' || value === null) throw unexpected(frame, 'an object');
  return value as Record<string, unknown>;
}

/** A list of uids or groups. PHP sends a list with gaps as an object, and numbers as numbers. @throws GW_FRAME */
export function stringList(frame: ReceivedFrame, value: unknown = json(frame)): string[] {
  if (typeof value !== 'object' || value === null) throw unexpected(frame, 'a list');
  return Object.values(value).map((item) => {
    // an object can make String throw
    if (typeof item === 'object' && item !== null) throw unexpected(frame, 'a list of names');
    return String(item);
  });
}

/** Connection ids as PHP sends them: a list, or an object with them as keys and values; null and nothing are no ids. */
export function connectionIds(value: unknown): ReadonlySet<number> {
  if (typeof value !== 'object' || value === null) return NONE;
  return new Set(Object.values(value).map((id) => (typeof id === 'object' ? 0 : Number(id))));
}

/** What a handler changed in a session. @throws GW_FRAME, GW_SESSION */
export function sessionPatch(frame: ReceivedFrame): SessionPatch {
  const { set, delete: deleted } = jsonObject(frame);
  if (typeof set !== 'object' || set === null) throw unexpected(frame, 'an object `set`');
  refuseDeep('A session', set, frame.bodyStart - frame.extStart);
  return { set: set as Session, delete: stringList(frame, deleted) };
}

function unexpected(frame: ReceivedFrame, expected: string): GatewayError {
  return new GatewayError(
    'GW_FRAME',
    `${commandName(frame.command)} came without ${expected} in its ext_data.`,
  );
}
