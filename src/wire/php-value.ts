/** A key of a PHP array: an int (a bigint beyond 2^53) or a string. `12` and `'12'` are the same key to PHP, an int. */
export type PhpKey = number | bigint | string;

/**
 * What `serialize` takes. A JS array is a list, a Map or a plain object a keyed array; a string is written as UTF-8,
 * bytes as they are. A bigint is an int64, and so is a number that is a safe integer; other numbers are floats.
 */
export type PhpValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PhpValue[]
  | ReadonlyMap<PhpKey, PhpValue>
  | { readonly [key: string]: PhpValue };

/**
 * What `unserialize` gives. Every PHP array is a Map, so that int and string keys stay apart and no key is special.
 * A PHP string is a string when it is valid UTF-8 and a Buffer when not: written again, it gives the same bytes.
 */
export type PhpDecoded = null | boolean | number | bigint | string | Buffer | Map<PhpKey, PhpDecoded>;

/** What `toPlain` gives: JS arrays and plain objects in place of Maps. */
export type PlainValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Buffer
  | PlainValue[]
  | { [key: string]: PlainValue };

/** Arrays within arrays, in both directions. GatewayWorker's own values need 4; PHP's limit, 4096, could overflow our stack. */
export const MAX_DEPTH = 64;

export const INT64_MIN = -(2n ** 63n);
export const INT64_MAX = 2n ** 63n - 1n;

/**
 * Whether PHP turns this array key into an int: '12' and '-5', but not '01', '-0', '+1', nor what no int64 can hold.
 */
export function isIntKey(key: string): boolean {
  const { length } = key;
  const first = key.charCodeAt(0) === MINUS ? 1 : 0;
  if (length === first || length > 20) return false;
  if (key.charCodeAt(first) === ZERO) return length === 1;
  for (let at = first; at < length; at++) {
    const code = key.charCodeAt(at);
    if (code < ZERO || code > NINE) return false;
  }
  if (length < 19) return true;
  const number = BigInt(key);
  return number >= INT64_MIN && number <= INT64_MAX;
}

/** An array key as PHP keeps it: `'12'` becomes the int 12. */
export function phpKey(key: string): PhpKey {
  if (!isIntKey(key)) return key;
  const number = Number(key);
  return Number.isSafeInteger(number) ? number : BigInt(key);
}

/**
 * Turns Maps into what JSON.parse would give: one with the keys 0 to n-1 in order becomes an array (so does an empty
 * one, since PHP does not tell `[]` from `{}`), every other one a plain object. A key `__proto__` becomes an ordinary
 * property of the object.
 */
export function toPlain(value: PhpDecoded): PlainValue {
  if (!(value instanceof Map)) return value;
  if (isList(value)) return Array.from(value.values(), toPlain);
  const object: { [key: string]: PlainValue } = {};
  for (const [key, item] of value) {
    if (key === '__proto__') {
      Object.defineProperty(object, key, {
        value: toPlain(item),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    } else {
      object[String(key)] = toPlain(item);
    }
  }
  return object;
}

/** Whether the keys are 0 to n-1 in order. */
export function isList(map: Map<PhpKey, PhpDecoded>): boolean {
  let index = 0;
  for (const key of map.keys()) {
    if (key !== index++) return false;
  }
  return true;
}

/** As PHP 8.2 with serialize_precision -1: the shortest digits that read back, an exponent below 1e-4 and from 1e17. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NAN';
  if (!Number.isFinite(value)) return value > 0 ? 'INF' : '-INF';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits, power] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 17) {
    return `${digits.includes('.') ? digits : `${digits}.0`}E${power}`;
  }
  // JS, too, writes this range without an exponent.
  return String(value);
}

const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
