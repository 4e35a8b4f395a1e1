import { type PhpKey, type PhpValue, serialize } from './php-serialize.js';
import { unserializeEntries } from './php-unserialize.js';
import { phpKey } from './php-value.js';
import { type SessionPatch, decodeSession, isPhpSession } from './session.js';

/*
 * Sessions in PHP's format, for PHP's workers and clients. They are changed without being decoded any deeper than the
 * change reaches: what nobody touched keeps PHP's own bytes, since JavaScript does not tell 2.0 from 2.
 */

/** A stored session as PHP reads it. Bytes that are no JSON are PHP's already. @throws GW_SESSION, GW_SERIALIZE */
export function toPhpSession(bytes: Buffer): Buffer {
  return bytes[0] === BRACE ? serialize(fromJson(decodeSession(bytes))) : bytes;
}

/** Lays `changes` over `session`, both PHP arrays, as PHP's array_replace_recursive does. @throws GW_SERIALIZE */
export function mergePhpSession(session: Buffer, changes: Buffer): Buffer {
  const entries = unserializeEntries(session);
  for (const [key, change] of unserializeEntries(changes)) {
    const present = entries.get(key);
    const nested = present !== undefined && isPhpSession(present) && isPhpSession(change);
    entries.set(key, nested ? mergePhpSession(present, change) : change);
  }
  return serializeEntries(entries);
}

/** Applies what a handler of ours changed to a PHP array. @throws GW_SERIALIZE */
export function patchPhpSession(session: Buffer, patch: SessionPatch): Buffer {
  const entries = unserializeEntries(session);
  for (const key of patch.delete) entries.delete(phpKey(key));
  for (const key of Object.keys(patch.set)) entries.set(phpKey(key), serialize(fromJson(patch.set[key])));
  return serializeEntries(entries);
}

function serializeEntries(entries: ReadonlyMap<PhpKey, Buffer>): Buffer {
  const parts: Buffer[] = [Buffer.from(`a:${entries.size}:{`)];
  for (const [key, value] of entries) parts.push(serialize(key), value);
  parts.push(Buffer.from('}'));
  return Buffer.concat(parts);
}

/** A value out of JSON. A Buffer's own JSON is bytes again: so a binary string of PHP's comes back from a handler of ours. */
function fromJson(value: unknown): PhpValue {
  if (typeof value !== 'object' || value === null) return value as PhpValue;
  if (Array.isArray(value)) return value.map(fromJson);
  const { type, data } = value as { type?: unknown; data?: unknown };
  if (type === 'Buffer' && Array.isArray(data)) return Buffer.from(data);
  return new Map(Object.entries(value).map(([key, item]) => [key, fromJson(item)]));
}

const BRACE = 0x7b;
