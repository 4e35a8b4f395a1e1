import { GatewayError } from '../../errors.js';
import { commandName } from '../../wire/command.js';
import type { ReceivedFrame } from '../../wire/frame.js';

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
  return Object.values(value).map(String);
}

/** Connection ids as PHP sends them: a list, or an object with them as keys and values; null and nothing are no ids. */
export function connectionIds(value: unknown): ReadonlySet<number> {
  if (typeof value !== 'object' || value === null) return NONE;
  return new Set(Object.values(value).map(Number));
}

function unexpected(frame: ReceivedFrame, expected: string): GatewayError {
  return new GatewayError(
    'GW_FRAME',
    `${commandName(frame.command)} came without ${expected} in its ext_data.`,
  );
}
