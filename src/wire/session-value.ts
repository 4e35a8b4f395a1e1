import { GatewayError } from '../base/errors.js';
import { INT64_MAX, INT64_MIN, MAX_DEPTH } from './php-value.js';
import { DEEPEST } from './session-depth.js';

/*
 * What a session may hold: null, booleans, finite numbers, text, lists and plain objects of these, as JSON has them, and
 * besides
 *
 *   a Date     which becomes text, as JSON makes it
 *   undefined  as a property, which is left out; in a list it would become null
 *
 * A session that PHP has stored is in PHP's format, and can hold what else PHP has: bytes, NAN, INF, and bigints beyond 2^53,
 * as its ints of 64 bits can be (a smaller one would come back as a number). Ours are not put into that format for the sake of
 * such a value, since it cannot tell an empty object from an empty list. Everything else would come back as something else, or
 * not at all, and is refused.
 */

/** The keys down to the value that is looked at. */
const path: (string | number)[] = [];

/**
 * Looks at a session, or at the value of one of its keys.
 *
 * @param where what it is, for the error: `client.session`
 * @param key the session's key, when it is the value of one
 * @param php whether it will be stored in PHP's format
 * @returns whether JSON can hold it
 * @throws GW_SESSION naming the key of what no session can hold
 */
export function fitsJson(where: string, value: unknown, php: boolean, key?: string): boolean {
  path.length = 0;
  path.push(where);
  if (key === undefined) return fits(value, 1, php);
  path.push(key);
  return fits(value, 2, php);
}

/** Whether it is an object that no class has made. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  // the second: an object of another realm
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

/** A copy of what {@link fitsJson} has looked at, as it will be stored: nothing that changes the original changes it. */
export function plainCopy<T>(value: T): T;
export function plainCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plainCopy);
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (value instanceof Date) return value.toISOString();
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    if (item !== undefined) setOwn(copy, key, plainCopy(item));
  }
  return copy;
}

/** Sets a key as a property of the object's own, whatever its name. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    target[key] = value;
  }
}

function fits(value: unknown, level: number, php: boolean): boolean {
  switch (typeof value) {
    case 'string':
      checkText(value, php);
      return true;
    case 'number':
      if (Number.isFinite(value)) return true;
      if (php) return false;
      throw refused(`the number ${value}`);
    case 'bigint':
      checkBigint(value, php);
      return false;
    case 'boolean':
    case 'undefined':
      return true;
    case 'object':
      return value === null || objectFits(value, level, php);
    default:
      throw refused(`a ${typeof value}`);
  }
}

function objectFits(value: object, level: number, php: boolean): boolean {
  if (level > (php ? MAX_DEPTH : DEEPEST)) {
    path.length = Math.min(path.length, 2);
    throw refused(
      `objects or arrays within each other to more than ${php ? MAX_DEPTH : DEEPEST} levels, or a cycle`,
    );
  }
  if (Array.isArray(value)) return listFits(value, level, php);
  if (isPlainObject(value)) return propertiesFit(value, level, php);
  if (value instanceof Date && Number.isFinite(value.getTime())) return true;
  if (php && value instanceof Uint8Array) return false;
  throw refused(describe(value));
}

function listFits(list: readonly unknown[], level: number, php: boolean): boolean {
  let json = true;
  const depth = path.length;
  for (let index = 0; index < list.length; index++) {
    const item = list[index];
    path[depth] = index;
    if (item === undefined) throw refused('undefined');
    if (!fits(item, level + 1, php)) json = false;
  }
  path.length = depth;
  return json;
}

function propertiesFit(value: Record<string, unknown>, level: number, php: boolean): boolean {
  let json = true;
  const depth = path.length;
  for (const key of Object.keys(value)) {
    path[depth] = key;
    checkText(key, php);
    if (!fits(value[key], level + 1, php)) json = false;
  }
  path.length = depth;
  return json;
}

/** JSON writes half of a surrogate pair as an escape. PHP's strings are bytes, and it has none in UTF-8. */
function checkText(text: string, php: boolean): void {
  if (php && !text.isWellFormed()) throw refused('text with half of a surrogate pair');
}

function checkBigint(value: bigint, php: boolean): void {
  if (value >= -SAFE && value <= SAFE) throw refused(`the bigint ${value}, which a number can hold`);
  if (value < INT64_MIN || value > INT64_MAX) throw refused('a bigint that no int64 can hold');
  if (!php) throw refused('a bigint, which only a session of PHP’s can hold (keep it as text)');
}

function refused(found: string): GatewayError {
  const [where, key, ...within] = path;
  const what = key === undefined ? where : `${where}.${key}`;
  // a name that fits a line of the log
  const place = within.slice(0, LONGEST_PATH).join('.') + (within.length > LONGEST_PATH ? '…' : '');
  return new GatewayError(
    'GW_SESSION',
    `${what} cannot be stored: ${place === '' ? 'it' : `${place} in it`} is ${found}; keep plain values, arrays and objects in a session.`,
  );
}

function describe(value: object): string {
  if (value instanceof Date) return 'an invalid Date';
  const { constructor } = value as { constructor?: { name?: unknown } };
  const name = typeof constructor === 'function' ? constructor.name : '';
  return `an object of class ${typeof name === 'string' && name !== '' ? name : '(unnamed)'}`;
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const LONGEST_PATH = 10;
