import { MAX_DEPTH, type PhpKey, type PhpValue, INT64_MAX, phpKey } from './php-value.js';

/** As PHP's max_input_vars: what comes after is left out. */
const MOST_VARIABLES = 1000;

/** PHP's max_input_nesting_level is 64. Two levels are lost to the array that a query is in, and the one around that. */
const DEEPEST = MAX_DEPTH - 2;

/**
 * Reads a query as PHP's parse_str does: `list[]=x&list[]=y` is a list, `map[a][b]=1` an array in an array, and a name is
 * changed until PHP could have a variable of it, so that `dot.ted` is `dot_ted`.
 *
 * @param query a character for each byte, as Node's HTTP parser gives it
 * @returns values that are no ASCII as bytes, which need not be UTF-8; a name has to be, and is made so
 */
export function parsePhpQuery(query: string): Map<PhpKey, PhpValue> {
  const variables = new PhpArray();
  let count = 0;
  for (const part of query.split('&')) {
    if (part === '') continue;
    if (++count > MOST_VARIABLES) break;
    const equals = part.indexOf('=');
    const name = decode(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? '' : phpString(decode(part.slice(equals + 1)));
    register(variables, name, value);
  }
  return variables;
}

/** A string of one character for each byte, as PHP's bytes. */
export function phpString(latin1: string): string | Buffer {
  return NOT_ASCII.test(latin1) ? Buffer.from(latin1, 'latin1') : latin1;
}

/** The same for an array's key, which is text here: what is no UTF-8 in it is replaced. */
export function phpName(latin1: string): PhpKey {
  return phpKey(NOT_ASCII.test(latin1) ? Buffer.from(latin1, 'latin1').toString() : latin1);
}

/** A PHP array that knows, as PHP does, what key `[]` adds. */
class PhpArray extends Map<PhpKey, PhpValue> {
  #next = 0n;

  override set(key: PhpKey, value: PhpValue): this {
    if (typeof key !== 'string' && key >= this.#next) this.#next = BigInt(key) + 1n;
    return super.set(key, value);
  }

  /** Adds a value at the end; nothing beyond PHP's greatest int. */
  append(value: PhpValue): void {
    if (this.#next <= INT64_MAX) this.set(phpKey(String(this.#next)), value);
  }
}

/** Enters one variable. An index that is undefined is `[]`. */
function register(variables: PhpArray, encoded: string, value: string | Buffer): void {
  // the name is a C string to PHP, which a zero byte ends
  const [name] = encoded.replace(/^ +/, '').split('\0', 1);
  const bracket = name.indexOf('[');
  const base = (bracket < 0 ? name : name.slice(0, bracket)).replace(/[ .]/g, '_');
  if (base === '') return;
  let array = variables;
  let index: string | undefined = base;
  let open = bracket;
  for (let level = 1; open >= 0; level++) {
    if (level > DEEPEST) {
      variables.delete(phpName(base));
      return;
    }
    const first = SPACE.test(name.charAt(open + 1)) ? open + 2 : open + 1;
    const close = name.indexOf(']', first);
    if (close < 0) {
      // no index after all: what follows the name is part of it, what follows an index is lost
      if (level === 1) index = name.replace(/[ .[]/g, '_');
      break;
    }
    array = nested(array, index);
    index = close === first ? undefined : name.slice(open + 1, close);
    open = name.charAt(close + 1) === '[' ? close + 1 : -1;
  }
  if (index === undefined) array.append(value);
  else array.set(phpName(index), value);
}

/** The array at an index; what is there and is none gives way to one. */
function nested(array: PhpArray, index: string | undefined): PhpArray {
  const present = index === undefined ? undefined : array.get(phpName(index));
  if (present instanceof PhpArray) return present;
  const inner = new PhpArray();
  if (index === undefined) array.append(inner);
  else array.set(phpName(index), inner);
  return inner;
}

/** `+` is a space, and a percent sign that no two hexadecimal digits follow is one. */
function decode(text: string): string {
  if (!ENCODED.test(text)) return text;
  return text
    .replaceAll('+', ' ')
    .replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

const ENCODED = /[+%]/;
const NOT_ASCII = /[^\0-\x7f]/;
/** C's isspace. */
const SPACE = /[ \t\n\v\f\r]/;
