import { isUtf8 } from 'node:buffer';
import { GatewayError } from '../base/errors.js';
import { withoutReferences } from './php-references.js';
import { INT64_MAX, INT64_MIN, MAX_DEPTH, type PhpDecoded, type PhpKey, phpKey } from './php-value.js';

/**
 * Reads one PHP-serialized value (see php-serialize.ts for the format), which must fill `bytes`. Of an array key that
 * occurs twice the last value counts, as in PHP. Strings and Buffers in the result are copies, and so is what a reference
 * refers to.
 *
 * Safe on hostile input: no class is ever instantiated, and what is allocated is bounded by the bytes that are there.
 *
 * @throws GW_SERIALIZE naming the offset; the message never quotes the content, which may be a user's session
 */
export function unserialize(bytes: Uint8Array): PhpDecoded {
  const reader = new Reader(withoutReferences(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)));
  const value = reader.value(0);
  reader.end();
  return value;
}

/**
 * Reads the entries of one PHP-serialized array, which must fill `bytes`. The values are checked and left serialized, as
 * views of `bytes`, or of a copy without references.
 *
 * @throws GW_SERIALIZE as {@link unserialize}, and when it is no array
 */
export function unserializeEntries(bytes: Uint8Array): Map<PhpKey, Buffer> {
  const reader = new Reader(withoutReferences(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)));
  const entries = reader.entries();
  reader.end();
  return entries;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  value(depth: number): PhpDecoded {
    const type = this.#bytes[this.#at];
    if (type === NULL) {
      this.#at++;
      this.#expect(SEMICOLON);
      return null;
    }
    this.#tag(type);
    switch (type) {
      case BOOL:
        return this.#bool();
      case INT:
        return this.#int();
      case FLOAT:
        return this.#float();
      case STRING: {
        const value = this.#string();
        this.#expect(SEMICOLON);
        return value;
      }
      default:
        return this.#array(depth);
    }
  }

  entries(): Map<PhpKey, Buffer> {
    if (this.#bytes[this.#at] !== ARRAY) throw this.#error(this.#at, 'there is no array');
    this.#tag(ARRAY);
    const count = this.#openArray();
    const entries = new Map<PhpKey, Buffer>();
    for (let index = 0; index < count; index++) {
      const key = this.#key();
      const start = this.#at;
      this.value(1);
      entries.set(key, this.#bytes.subarray(start, this.#at));
    }
    this.#expect(BRACE_CLOSE);
    return entries;
  }

  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw this.#error(this.#at, `${left} bytes are left over; expected one value and no more`);
  }

  /** Steps over the type letter and its colon. */
  #tag(type: number | undefined): void {
    if (type !== STRING && type !== INT && type !== ARRAY && type !== BOOL && type !== FLOAT) {
      throw this.#error(this.#at, this.#explainType(type));
    }
    this.#at++;
    this.#expect(COLON);
  }

  #explainType(type: number | undefined): string {
    if (type === undefined) return 'the bytes end; expected a value';
    const letter = String.fromCharCode(type);
    if ('OCE'.includes(letter)) {
      return `an object (type ${letter}) was found, and objects are never read; have the PHP side send arrays instead`;
    }
    if ('rR'.includes(letter)) {
      return `a reference (type ${letter}) was found that refers to no value before it`;
    }
    return `byte 0x${hex(type)} was found; expected a type, one of N b i d s a`;
  }

  #bool(): boolean {
    const digit = this.#bytes[this.#at];
    if (digit !== ZERO && digit !== ZERO + 1) throw this.#error(this.#at, 'a bool is neither 0 nor 1');
    this.#at++;
    this.#expect(SEMICOLON);
    return digit !== ZERO;
  }

  #int(): number | bigint {
    const start = this.#at;
    const sign = this.#bytes[start];
    const first = sign === MINUS || sign === PLUS ? start + 1 : start;
    this.#at = first;
    const magnitude = this.#digits();
    const count = this.#at - first;
    this.#expect(SEMICOLON);
    if (count === 0) throw this.#error(start, 'an int has no digits');
    if (magnitude <= Number.MAX_SAFE_INTEGER) return sign === MINUS && magnitude > 0 ? -magnitude : magnitude;

    // only what comes near is worth exact arithmetic, which would be slow on endless digits
    if (magnitude <= ROUGHLY_INT64) {
      const exact = BigInt(this.#bytes.toString('latin1', first, first + count));
      const value = sign === MINUS ? -exact : exact;
      if (value >= INT64_MIN && value <= INT64_MAX) return value;
    }
    throw this.#error(start, `an int of ${count} digits does not fit an int64`);
  }

  #float(): number {
    const start = this.#at;
    const end = this.#bytes.indexOf(SEMICOLON, start);
    if (end === -1) throw this.#error(start, 'a float has no end; expected a semicolon');
    this.#at = end + 1;
    const text = this.#bytes.toString('latin1', start, end);
    if (FLOAT_SYNTAX.test(text)) return Number(text);
    if (text === 'INF') return Infinity;
    if (text === '-INF') return -Infinity;
    if (text === 'NAN') return NaN;
    throw this.#error(start, 'a float is no decimal number, INF, -INF or NAN');
  }

  #string(): string | Buffer {
    const start = this.#at;
    const length = this.#length(start, 'string');
    this.#expect(QUOTE);
    const from = this.#at;
    const to = from + length;
    if (to > this.#bytes.length) {
      throw this.#error(
        start,
        `a string claims ${length} bytes and only ${this.#bytes.length - from} are left`,
      );
    }
    this.#at = to;
    this.#expect(QUOTE);
    return this.#text(from, to);
  }

  #text(from: number, to: number): string | Buffer {
    if (to - from <= SHORT && this.#isAscii(from, to)) return this.#bytes.toString('latin1', from, to);
    const view = this.#bytes.subarray(from, to);
    return isUtf8(view) ? view.toString() : Buffer.from(view);
  }

  #isAscii(from: number, to: number): boolean {
    const bytes = this.#bytes;
    for (let at = from; at < to; at++) {
      if (bytes[at] > 0x7f) return false;
    }
    return true;
  }

  #array(depth: number): Map<PhpKey, PhpDecoded> {
    if (depth === MAX_DEPTH) throw this.#error(this.#at, `arrays nest deeper than ${MAX_DEPTH} levels`);
    const count = this.#openArray();
    const map = new Map<PhpKey, PhpDecoded>();
    for (let index = 0; index < count; index++) {
      const key = this.#key();
      map.set(key, this.value(depth + 1));
    }
    this.#expect(BRACE_CLOSE);
    return map;
  }

  /** Steps over an array's head; returns how many entries follow. */
  #openArray(): number {
    const start = this.#at;
    const count = this.#length(start, 'array');
    this.#expect(BRACE_OPEN);
    const left = this.#bytes.length - this.#at;
    if (count > left / MIN_ENTRY_LENGTH) {
      throw this.#error(start, `an array claims ${count} entries and only ${left} bytes are left`);
    }
    return count;
  }

  #key(): PhpKey {
    const start = this.#at;
    const type = this.#bytes[start];
    if (type !== INT && type !== STRING) {
      throw this.#error(start, 'an array key is neither an int nor a string');
    }
    this.#tag(type);
    if (type === INT) return this.#int();
    const key = this.#string();
    this.#expect(SEMICOLON);
    if (typeof key !== 'string') throw this.#error(start, 'an array key is not valid UTF-8');
    return phpKey(key);
  }

  /** A count of bytes or entries, with the colon that ends it. */
  #length(start: number, what: string): number {
    const length = this.#digits();
    if (this.#at === start) throw this.#error(start, `the length of a ${what} is no number`);
    this.#expect(COLON);
    return length;
  }

  /** Steps over decimal digits. The result is exact up to 2^53, and only roughly right above. */
  #digits(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let value = 0;
    let digit = bytes[at] - ZERO;
    while (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digit = bytes[++at] - ZERO;
    }
    this.#at = at;
    return value;
  }

  #expect(byte: number): void {
    const found = this.#bytes[this.#at];
    if (found !== byte) {
      throw this.#error(
        this.#at,
        `${found === undefined ? 'the bytes end' : `byte 0x${hex(found)} was found`}; expected '${String.fromCharCode(byte)}'`,
      );
    }
    this.#at++;
  }

  #error(at: number, problem: string): GatewayError {
    return new GatewayError(
      'GW_SERIALIZE',
      `Not a PHP-serialized value: at byte ${at} of ${this.#bytes.length}, ${problem}.`,
    );
  }
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

const NULL = 0x4e; // N
const BOOL = 0x62; // b
const INT = 0x69; // i
const FLOAT = 0x64; // d
const STRING = 0x73; // s
const ARRAY = 0x61; // a
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const QUOTE = 0x22;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const ZERO = 0x30;
const MINUS = 0x2d;
const PLUS = 0x2b;

/** Above 2^63 by more than `#digits` can be wrong. */
const ROUGHLY_INT64 = 1e19;

/** The shortest entry of an array is `i:0;N;`. */
const MIN_ENTRY_LENGTH = 6;

/** Bytes up to which looking for ASCII here takes less time than isUtf8, which needs a view (measured on Node 20). */
const SHORT = 64;

/** What PHP's own unserialize takes for a float. */
const FLOAT_SYNTAX = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
