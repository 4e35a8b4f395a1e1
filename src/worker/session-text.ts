import { Buffer } from 'node:buffer';
import { type PhpValue, serialize, toPlain, unserialize } from '../wire/php-serialize.js';
import { fitsJson, plainCopy } from '../wire/session-value.js';

/*
 * The values of a session as text, by which it is seen whether a handler has changed them: JSON, or where that cannot hold
 * the value PHP's format, a character for each byte.
 */

/** Stands for the text of a key that is not there. */
export const ABSENT = undefined;
/** Begins the text of a value that JSON cannot hold, which is PHP's: no JSON begins so. */
const PHP_TEXT = '\0';

/** The text of each key of a session. */
export type SessionTexts = ReadonlyMap<string, string | undefined>;

/** The texts of a session that was stored: all of it can be. @param php whether it is in PHP's format */
export function storedTexts(session: Record<string, unknown>, php: boolean): SessionTexts {
  const texts = new Map<string, string | undefined>();
  for (const key of Object.keys(session)) texts.set(key, storedText(key, session[key], php));
  return texts;
}

function storedText(key: string, value: unknown, php: boolean): string | undefined {
  if (php) return textOf(key, value, php);
  try {
    return JSON.stringify(value);
  } catch {
    return textOf(key, value, php);
  }
}

/** The text of a value that a handler may have put into a session. @throws GW_SESSION when no session can hold it */
export function textOf(key: string, value: unknown, php: boolean): string | undefined {
  if (value === undefined) return ABSENT;
  if (fitsJson('client.session', value, php, key)) return JSON.stringify(value);
  return PHP_TEXT + serialize(plainCopy(value) as PhpValue).toString('latin1');
}

/** Whether only PHP's format can hold a value of this text. */
export function isPhpText(text: string): boolean {
  return text[0] === PHP_TEXT;
}

/** A value of this text, which nobody else has. */
export function valueOf(text: string): unknown {
  return isPhpText(text) ? toPlain(unserialize(Buffer.from(text.slice(1), 'latin1'))) : JSON.parse(text);
}
