import { Buffer } from 'node:buffer';
import { GatewayError } from '../base/errors.js';
import {
  INT64_MAX,
  INT64_MIN,
  MAX_DEPTH,
  type PhpKey,
  type PhpValue,
  formatFloat,
  isIntKey,
} from './php-value.js';

export { unserialize } from './php-unserialize.js';
export { type PhpDecoded, type PhpKey, type PhpValue, toPlain } from './php-value.js';

/*
 * PHP's serialize() format, as far as GatewayWorker uses it. Lengths count bytes, numbers are decimal text:
 *
 *   null    N;
 *   bool    b:0;  b:1;
 *   int     i:-5;                      int64
 *   float   d:0.5;  d:1.0E+100;        also d:INF; d:-INF; d:NAN;
 *   string  s:3:"abc";                 any bytes, nothing is escaped
 *   array   a:2:{key value key value}  a key is an int or a string
 *
 * Objects and enums (O C E) are neither written nor read; references (r R) are read as copies (php-references.ts).
 */

/**
 * PHP-serializes a value, byte for byte as PHP 8.2 does.
 *
 * @returns bytes that nobody else holds
 * @throws GW_SERIALIZE for what PHP could not hold: undefined, functions, class instances, an int beyond int64, cycles
 */
export function serialize(value: PhpValue): Buffer {
  const writer = new Writer();
  writer.value(value, 0);
  return writer.finish();
}

class Writer {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  value(value: PhpValue, depth: number): void {
    switch (typeof value) {
      case 'string':
        return this.#string(value);
      case 'number':
        if (Number.isSafeInteger(value) && !Object.is(value, -0)) return this.#ascii(`i:${value};`);
        return this.#ascii(`d:${formatFloat(value)};`);
      case 'boolean':
        return this.#ascii(value ? 'b:1;' : 'b:0;');
      case 'bigint':
        return this.#ascii(`i:${checkInt64(value)};`);
      case 'object':
        if (value === null) return this.#ascii('N;');
        if (value instanceof Uint8Array) return this.#binary(value);
        return this.#array(value, depth);
      default:
        throw unserializable(value);
    }
  }

  #array(value: object, depth: number): void {
    if (depth === MAX_DEPTH) {
      throw new GatewayError(
        'GW_SERIALIZE',
        `The value nests arrays deeper than ${MAX_DEPTH} levels, or holds itself. Flatten it.`,
      );
    }
    if (Array.isArray(value)) {
      this.#ascii(`a:${value.length}:{`);
      // by index, since forEach and for…in would pass over holes
      for (let index = 0; index < value.length; index++) {
        this.#ascii(`i:${index};`);
        this.value(value[index], depth + 1);
      }
    } else if (value instanceof Map) {
      this.#ascii(`a:${value.size}:{`);
      for (const [key, item] of value as ReadonlyMap<PhpKey, PhpValue>) {
        this.#key(key);
        this.value(item, depth + 1);
      }
    } else if (isPlainObject(value)) {
      const keys = Object.keys(value);
      this.#ascii(`a:${keys.length}:{`);
      for (const key of keys) {
        this.#key(key);
        this.value(value[key], depth + 1);
      }
    } else {
      throw unserializable(value);
    }
    this.#ascii('}');
  }

  #key(key: PhpKey): void {
    if (typeof key === 'string') {
      if (isIntKey(key)) this.#ascii(`i:${key};`);
      else this.#string(key);
    } else if (typeof key === 'bigint') {
      this.#ascii(`i:${checkInt64(key)};`);
    } else if (Number.isSafeInteger(key)) {
      this.#ascii(`i:${key};`); // -0 prints as 0
    } else {
      throw new GatewayError(
        'GW_SERIALIZE',
        `An array key is ${typeof key === 'number' ? `the number ${key}` : describe(key)}; expected a string, a safe integer or a bigint.`,
      );
    }
  }

  #string(text: string): void {
    const length = Buffer.byteLength(text);
    this.#ascii(`s:${length}:"`);
    if (length === text.length && length <= SHORT) {
      this.#ascii(text);
    } else {
      this.#reserve(length);
      this.#bytes.write(text, this.#length);
      this.#length += length;
    }
    this.#ascii('";');
  }

  #binary(bytes: Uint8Array): void {
    this.#ascii(`s:${bytes.length}:"`);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    this.#ascii('";');
  }

  /** Short ASCII text, for which this loop is faster than the call into C++ behind Buffer.write. */
  #ascii(text: string): void {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let index = 0; index < text.length; index++) bytes[at++] = text.charCodeAt(index);
    this.#length = at;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** Characters up to which the loop in `#ascii` takes less time than Buffer.write (measured on Node 20). */
const SHORT = 24;

function checkInt64(value: bigint): bigint {
  if (value >= INT64_MIN && value <= INT64_MAX) return value;
  throw new GatewayError(
    'GW_SERIALIZE',
    `The bigint ${describeBigint(value)} does not fit an int64 (-2^63 to 2^63-1). Send it as a string.`,
  );
}

/** A bigint can have millions of digits, and printing them takes quadratic time. */
function describeBigint(value: bigint): string {
  return BigInt.asIntN(256, value) === value ? String(value) : 'of more than 256 bits';
}

function isPlainObject(value: object): value is { [key: string]: PhpValue } {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function unserializable(value: unknown): GatewayError {
  return new GatewayError(
    'GW_SERIALIZE',
    `${describe(value)} cannot be PHP-serialized; expected null, a boolean, number, bigint, string, bytes, array, Map or plain object. Leave the key out, or convert the value first.`,
  );
}

function describe(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (value === null) return 'null';
  if (typeof value !== 'object') return `a ${typeof value}`;
  return `an object of class ${value.constructor?.name || '(unnamed)'}`;
}
