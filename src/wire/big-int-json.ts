import { isIntKey } from './php-value.js';

/*
 * PHP writes an int of 64 bits into JSON as what it is, a number. JSON.parse would make the nearest of JavaScript's numbers
 * of it, which is another uid.
 */

/** An int of 16 digits or more where a value can begin: rarely there, and quick to look for. */
const LONG_INT = /[[,:]\s*-?\d{16}/;
/** Strings, so as to leave what is in them; and ints, with what would make them something else. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** JSON.parse, but an int64 beyond 2^53 is its decimal text. @throws SyntaxError */
export function parseWithBigInts(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return LONG_INT.test(text) ? JSON.parse(text.replace(TOKENS, quoteBigInt)) : value;
}

function quoteBigInt(token: string): string {
  return isIntKey(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token;
}
