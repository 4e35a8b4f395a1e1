import { Buffer } from 'node:buffer';
import { GatewayError } from '../base/errors.js';
import { refuseDeep } from './session-depth.js';
import {
  type PhpDecoded,
  type PhpKey,
  type PhpValue,
  serialize,
  toPlain,
  unserialize,
} from './php-serialize.js';
import { fitsJson, isPlainObject, plainCopy, setOwn } from './session-value.js';

/*
 * A session is stored as whoever set it wrote it: ours as JSON, PHP's as a PHP-serialized array. The bytes tell which it is,
 * so nothing else has to: JSON begins with `{`, a PHP array with `a:`, and no bytes at all are the empty session. What only
 * PHP's format can hold is in that, whoever set it: wire/session-value.ts has what there may be.
 */

/** A client's session: a plain object. In one that PHP wrote, a string that is no UTF-8 is a Buffer, an int beyond 2^53 a bigint. */
export type Session = Record<string, unknown>;

/** A change that a handler made: keys that it set and keys that it deleted. */
export interface SessionPatch {
  readonly set: Session;
  readonly delete: readonly string[];
  /** Whether it holds what only PHP's format can: the session is in that format from then on. */
  readonly php?: boolean;
}

/**
 * The session as stored and sent: JSON, or PHP's format for what only that can hold; no bytes at all when it is empty.
 *
 * @param php whether it will be put into PHP's format anyway, and may hold whatever that can
 * @throws GW_SESSION naming the key of what cannot be stored
 */
export function encodeSession(session: Session, php = false): Buffer {
  return fitsJson('session', session, php) ? sessionJson(session) : serialize(plainCopy(session) as PhpValue);
}

/** {@link encodeSession} for a session that was put together of what was checked when it came. */
export function sessionJson(session: Session): Buffer {
  const text = JSON.stringify(session);
  return text === '{}' ? Buffer.alloc(0) : Buffer.from(text);
}

/** A patch as ext_data: JSON, or as a PHP array. */
export function encodePatch(patch: SessionPatch): string | Buffer {
  const { set, delete: deleted } = patch;
  return patch.php === true ? serialize({ set: set as PhpValue, delete: deleted }) : JSON.stringify(patch);
}

/** Reads a patch in PHP's format. @throws GW_SERIALIZE */
export function decodePhpPatch(bytes: Buffer): SessionPatch {
  const patch = unserialize(bytes);
  const [set, deleted] = patch instanceof Map ? [patch.get('set'), patch.get('delete')] : [];
  return {
    set: set instanceof Map ? fromPhpArray(set) : {},
    delete: deleted instanceof Map ? Array.from(deleted.values(), String) : [],
    php: true,
  };
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
  if (!isContainer(value) || Array.isArray(value)) {
    throw new GatewayError('GW_SESSION', `A session of ${bytes.length} bytes holds no JSON object.`);
  }
  refuseDeep('A session', value, bytes.length);
  return value as Session;
}

/**
 * Lays `changes` over `session`, which is changed and returned: objects and arrays are merged key by key at every depth,
 * anything else is replaced. This is PHP's array_replace_recursive, which GatewayWorker's updateSession uses. Of what is
 * frozen, as immer leaves it, a copy is changed.
 */
export function mergeSession(into: Session, changes: Session): Session {
  const session = Object.isExtensible(into) ? into : thawed(into);
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

function thawed(value: Session): Session {
  return (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Session;
}

/** Whether PHP would have it as an array: bytes and dates are none. */
function isContainer(value: unknown): boolean {
  return Array.isArray(value) || isPlainObject(value);
}
