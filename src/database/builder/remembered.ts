import type { Dialect } from './statement.js';

/** Texts whose results a function keeps, and the longest of them: an application that writes values into its SQL has more. */
const MOST = 1000;
const LONGEST = 2000;

/**
 * A function of SQL that does not read the same text twice: an application has few statements, and asks them over and over.
 * Nobody may change what it gives. What it throws is not kept.
 */
export function remembered<Value extends object | string>(
  read: (text: string, dialect: Dialect) => Value,
): (text: string, dialect?: Dialect) => Value {
  const results = { mysql: new Map<string, Value>(), sqlite: new Map<string, Value>() };
  return (text, dialect = 'mysql') => {
    const known = results[dialect];
    const found = known.get(text);
    if (found !== undefined) return found;
    const result = read(text, dialect);
    if (text.length <= LONGEST) {
      if (known.size === MOST) known.clear();
      known.set(text, result);
    }
    return result;
  };
}
