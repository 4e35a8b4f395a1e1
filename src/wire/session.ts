import { Buffer } from 'node:buffer';
import { GatewayError } from '../errors.js';
import { refuseDeep } from './session-depth.js';
import { type PhpDecoded, type PhpKey, toPlain, unserialize } from './php-serialize.js';

/*
 * A session is stored as whoever set it wrote it: ours as JSON, PHP's as a PHP-serialized array. The bytes tell which it is,
 * so nothing else has to: JSON begins with `{`, a PHP array with `a:`, and no bytes at all are the empty session.
 */

/** A client's session: a plain object that JSON can hold. In one that PHP wrote, a string that is no UTF-8 is a Buffer. */
export type Session = Record<string, unknown>;

/** A change that a handler made: keys that it set and keys that it deleted. */
export interface SessionPatch {
  readonly set: Session;
  readonly delete: readonly string[];
}

/** The session as stored and sent: JSON; no bytes at all when it is empty. @throws GW_SESSION */
export function encodeSession(session: Session): Buffer {
  const bytes = sessionJson(session);
  refuseDeep('A session', session, bytes.length);
  return bytes;
}

/** {@link encodeSession} for a session that was put together of what was checked when it came. */
export function sessionJson(session: Session): Buffer {
  let text: string | undefined;
  try {
    text = JSON.stringify(session);
  } catch (cause) {
    throw new GatewayError(
      'GW_SESSION',
      `A session cannot be stored as JSON (${(cause as Error).message}); keep plain values, arrays and objects in it.`,
      { cause },
    );
  }
  if (text === undefined || text[0] !== '{') {
    throw new GatewayError(
      'GW_SESSION',
      `A session was set to ${Array.isArray(session) ? 'an array' : typeof session}; expected a plain object.`,
    );
  }
  return text === '{}' ? Buffer.alloc(0) : Buffer.from(text);
}

/** Whether PHP wrote it. */
export function isPhpSession(bytes: Buffer): boolean {
  return bytes[0] === 0x61 && bytes[1] === 0x3a; // a:
}

/**
 * Reads a stored session, whoever wrote it.
 *
 * @throws GW_SESSION when the bytes are neither a JSON object nor a PHP array, or hold a PHP object
 */
export function decodeSession(bytes: Buffer): Session {
  if (bytes.length === 0) return {};
  return isPhpSession(bytes) ? decodePhp(bytes) : decodeJson(bytes);
}

function decodePhp(bytes: Buffer): Session {
  let value: PhpDecoded;
  try {
    value = unserialize(bytes);
  } catch (cause) {
    throw new GatewayError(
      'GW_SESSION',
      `A session of ${bytes.length} bytes that PHP wrote cannot be read. ${(cause as Error).message}`,
      { cause },
    );
  }
  return value instanceof Map ? fromPhpArray(value) : {};
}

/** A PHP array as a session: a list as well becomes an object. */
export function fromPhpArray(array: Map<PhpKey, PhpDecoded>): Session {
  const session: Session = {};
  for (const [key, item] of array) setOwn(session, String(key), toPlain(item));
  return session;
}

function decodeJson(bytes: Buffer): Session {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch (cause) {
    throw new GatewayError(
      'GW_SESSION',
      `A session of ${bytes.length} bytes is neither JSON nor a PHP array: ${(cause as Error).message}.`,
      { cause },
    );
  }
  if (!isPlainObject(value)) {
    throw new GatewayError('GW_SESSION', `A session of ${bytes.length} bytes holds no JSON object.`);
  }
  refuseDeep('A session', value, bytes.length);
  return value;
}

/**
 * Lays `changes` over `session`, which is changed and returned: objects and arrays are merged key by key at every depth,
 * anything else is replaced. This is PHP's array_replace_recursive, which GatewayWorker's updateSession uses.
 */
export function mergeSession(session: Session, changes: Session): Session {
  for (const key of Object.keys(changes)) {
    const change = changes[key];
    const present = Object.hasOwn(session, key) ? session[key] : undefined;
    if (isContainer(change) && isContainer(present)) {
      setOwn(session, key, mergeSession(present as Session, change as Session));
    } else {
      setOwn(session, key, change);
    }
  }
  return session;
}

/** Applies a patch to `session`, which is changed and returned. It shares the patch's values from then on. */
export function patchSession(session: Session, patch: SessionPatch): Session {
  for (const key of patch.delete) delete session[key];
  for (const key of Object.keys(patch.set)) setOwn(session, key, patch.set[key]);
  return session;
}

/** Sets a key as a property of the object's own, whatever its name. */
export function setOwn(target: Session, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    target[key] = value;
  }
}

function isContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isPlainObject(value: unknown): value is Session {
  return isContainer(value) && !Array.isArray(value);
}
