import { GatewayError } from '../base/errors.js';
import { MAX_DEPTH } from './php-value.js';

/*
 * In a PHP array two entries can be one: what is assigned to the one is the other's, too. PHP serializes the second as
 * R:n; (r:n; where it is an object), the n-th value of all. Values are counted from 1 in the order in which they begin, the
 * outermost array first, keys and R not.
 *
 *   a:2:{s:1:"x";a:1:{i:0;i:5;}s:1:"y";R:2;}      x and y are the array [5]
 *
 * JavaScript has no such thing as a value of its own, and the numbers are wrong as soon as somebody changes an entry. So each
 * becomes a copy.
 */

/** Bytes that copies may add up to: as much as one frame of PHP's may hold. A few bytes can ask for any number of copies. */
const MOST_BYTES = 10 * 1024 * 1024;

/**
 * The same PHP-serialized value without references; the same bytes when there are none, or when they are not PHP's.
 *
 * @throws GW_SERIALIZE for an array that holds itself, or copies without end
 */
export function withoutReferences(bytes: Buffer): Buffer {
  // a value stands behind its key: in text this may be found for nothing
  if (!bytes.includes(';R:') && !bytes.includes(';r:')) return bytes;
  const copier = new Copier(bytes);
  return copier.value(0) && copier.atEnd ? copier.copied : bytes;
}

class Copier {
  readonly #bytes: Buffer;
  #at = 0;
  #copied: Buffer;
  #length = 0;
  /** Where each value lies in the copy; its end is -1 while it is being copied. */
  readonly #values: Array<{ readonly start: number; end: number }> = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#copied = Buffer.allocUnsafe(bytes.length * 2);
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  get copied(): Buffer {
    return this.#copied.subarray(0, this.#length);
  }

  /** @returns false when the bytes are no PHP value that can be read: whoever reads them says why */
  value(depth: number): boolean {
    const type = this.#bytes[this.#at];
    if (type === SHARED) return this.#reference();
    const value = { start: this.#length, end: -1 };
    this.#values.push(value);
    const done =
      type === ARRAY
        ? depth < MAX_DEPTH && this.#array(depth)
        : type === OBJECT
          ? this.#reference()
          : this.#scalar(type);
    value.end = this.#length;
    return done;
  }

  #array(depth: number): boolean {
    const open = this.#bytes.indexOf(BRACE_OPEN, this.#at);
    const count = Number(this.#bytes.toString('latin1', this.#at + 2, open - 1));
    if (open < 0 || !(count <= this.#bytes.length)) return false;
    this.#copy(open + 1);
    for (let index = 0; index < count; index++) {
      if (!this.#scalar(this.#bytes[this.#at]) || !this.value(depth + 1)) return false;
    }
    return this.#bytes[this.#at] === BRACE_CLOSE && this.#copy(this.#at + 1);
  }

  #scalar(type: number): boolean {
    if (type === undefined || !SCALARS.has(type)) return false;
    if (type !== STRING) {
      const end = this.#bytes.indexOf(SEMICOLON, this.#at);
      return end >= 0 && this.#copy(end + 1);
    }
    const quote = this.#bytes.indexOf(QUOTE, this.#at);
    const length = Number(this.#bytes.toString('latin1', this.#at + 2, quote - 1));
    const end = quote + 1 + length + QUOTE_AND_SEMICOLON;
    return quote >= 0 && end <= this.#bytes.length && this.#copy(end);
  }

  #reference(): boolean {
    const at = this.#at;
    const end = this.#bytes.indexOf(SEMICOLON, at);
    const number = Number(this.#bytes.toString('latin1', at + 2, end));
    const value = this.#values[number - 1];
    if (end < 0 || value === undefined) return false;
    if (value.end < 0) throw refused(at, 'an array holds itself');
    const length = value.end - value.start;
    if (this.#length + length > Math.max(MOST_BYTES, this.#bytes.length)) {
      throw refused(at, `copies of what is referred to would take more than ${MOST_BYTES} bytes`);
    }
    this.#reserve(length);
    this.#copied.copy(this.#copied, this.#length, value.start, value.end);
    this.#length += length;
    this.#at = end + 1;
    return true;
  }

  /** Takes over everything up to `end`. */
  #copy(end: number): true {
    const length = end - this.#at;
    this.#reserve(length);
    this.#bytes.copy(this.#copied, this.#length, this.#at, end);
    this.#length += length;
    this.#at = end;
    return true;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#copied.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#length + more, this.#copied.length * 2));
    this.#copied.copy(grown, 0, 0, this.#length);
    this.#copied = grown;
  }
}

function refused(at: number, problem: string): GatewayError {
  return new GatewayError(
    'GW_SERIALIZE',
    `A PHP-serialized value cannot be read: by the reference at byte ${at}, ${problem}; have the PHP side send a copy instead.`,
  );
}

const ARRAY = 0x61; // a
const STRING = 0x73; // s
const SHARED = 0x52; // R
const OBJECT = 0x72; // r
const SCALARS: ReadonlySet<number> = new Set(Buffer.from('Nbids'));
const SEMICOLON = 0x3b;
const QUOTE = 0x22;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const QUOTE_AND_SEMICOLON = 2;
