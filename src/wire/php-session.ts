import { GatewayError } from '../base/errors.js';
import { type PhpDecoded, type PhpKey, type PhpValue, serialize, unserialize } from './php-serialize.js';
import { unserializeEntries } from './php-unserialize.js';
import { MAX_DEPTH, phpKey } from './php-value.js';
import { type SessionPatch, decodeSession, isPhpSession } from './session.js';

/*
 * Sessions in PHP's format, for PHP's workers and clients. They are changed without being decoded any deeper than the
 * change reaches: what nobody touched keeps PHP's own bytes, since JavaScript does not tell 2.0 from 2.
 */

/** A stored session as PHP reads it. Bytes that are no JSON are PHP's already. @throws GW_SESSION, GW_SERIALIZE */
export function toPhpSession(bytes: Buffer): Buffer {
  return bytes[0] === BRACE ? serialize(decodeSession(bytes) as PhpValue) : bytes;
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

/** Applies what a handler of ours changed to a PHP array, or to no bytes at all. @throws GW_SERIALIZE */
export function patchPhpSession(session: Buffer, patch: SessionPatch): Buffer {
  const entries = session.length === 0 ? new Map<PhpKey, Buffer>() : unserializeEntries(session);
  for (const key of patch.delete) entries.delete(phpKey(key));
  for (const key of Object.keys(patch.set)) {
    const name = phpKey(key);
    entries.set(name, overlaid(entries.get(name), patch.set[key]));
  }
  return serializeEntries(entries);
}

/** The value in PHP's format; whatever in it is the same as in `present` keeps PHP's own bytes. */
function overlaid(present: Buffer | undefined, item: unknown, depth = 1): Buffer {
  const value = withBytes(item);
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) {
    const same = present !== undefined && isSame(unserialize(present), value);
    return same ? present : serialize(value as PhpValue);
  }
  if (depth === MAX_DEPTH) {
    throw new GatewayError(
      'GW_SERIALIZE',
      `A session nests arrays deeper than ${MAX_DEPTH} levels, which PHP's format is not read to.`,
    );
  }
  const before =
    present !== undefined && isPhpSession(present) ? unserializeEntries(present) : new Map<PhpKey, Buffer>();
  const entries = new Map<PhpKey, Buffer>();
  for (const [key, inner] of Object.entries(value)) {
    const name = phpKey(key);
    entries.set(name, overlaid(before.get(name), inner, depth + 1));
  }
  return serializeEntries(entries);
}

/** In a patch of JSON, which an older node sends, bytes are a Buffer's own JSON. */
function withBytes(value: unknown): unknown {
  const { type, data } = (value ?? {}) as { type?: unknown; data?: unknown };
  return type === 'Buffer' && Array.isArray(data) ? Buffer.from(data) : value;
}

function isSame(present: PhpDecoded, value: unknown): boolean {
  if (Buffer.isBuffer(present)) return Buffer.isBuffer(value) && present.equals(value);
  return Object.is(present, value);
}

function serializeEntries(entries: ReadonlyMap<PhpKey, Buffer>): Buffer {
  const parts: Buffer[] = [Buffer.from(`a:${entries.size}:{`)];
  for (const [key, value] of entries) parts.push(serialize(key), value);
  parts.push(Buffer.from('}'));
  return Buffer.concat(parts);
}

const BRACE = 0x7b;
