import { type SqlValue, kindOf, sqlError } from './statement.js';

/**
 * A value as it is bound: true is 1 and false 0.
 *
 * @param what whose value it is, for the error, which never tells the value
 * @throws GW_SQL for what no column can hold
 */
export function sqlValue(value: unknown, what: string): SqlValue {
  switch (typeof value) {
    case 'string':
    case 'bigint':
      return value;
    case 'boolean':
      return value ? 1 : 0;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw sqlError(`The value of ${what} is a number that is not finite.`);
    case 'undefined':
      throw sqlError(`The value of ${what} is undefined; null stands for NULL.`);
  }
  if (value === null || value instanceof Uint8Array) return value;
  if (value instanceof Date) {
    if (!Number.isNaN(value.getTime())) return value;
    throw sqlError(`The value of ${what} is a Date without a time.`);
  }
  if (Array.isArray(value)) {
    throw sqlError(`The value of ${what} is an array; write one ? for each of its elements: IN (?, ?, ?).`);
  }
  throw sqlError(
    `The value of ${what} is ${kindOf(value)}; expected a string, number, bigint, boolean, null, Date or Uint8Array.`,
  );
}

/**
 * A whole number as PHP's (int) makes one of it: '10 rows' is 10, 3.9 is 3.
 *
 * @throws GW_SQL for what has no number at its beginning, and for one that is negative or too large
 */
export function wholeNumber(call: string, value: number | string): number {
  const text = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/i.exec(String(value))?.[0];
  const number = Math.trunc(Number(text ?? NaN));
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw sqlError(`${call} was given ${kindOf(value)} that is no whole number; expected one from 0 on.`);
}
