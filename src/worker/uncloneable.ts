import { inspect } from 'node:util';

/** Where in a value lies what `structuredClone` does not take: `state.rooms.get("tea").timer`. */
export function uncloneableIn(value: unknown, path: string, seen = new Set<unknown>()): string {
  seen.add(value);
  for (const [name, part] of partsOf(value)) {
    // what contains itself leads back to where the search was
    if (!seen.has(part) && !isCloneable(part)) return uncloneableIn(part, path + name, seen);
  }
  return path;
}

function* partsOf(value: unknown): Generator<readonly [name: string, part: unknown]> {
  if (value instanceof Map) {
    for (const [key, part] of value as Map<unknown, unknown>) {
      yield [`.get(${nameOf(key)})`, part];
      yield [`.keys(): ${nameOf(key)}`, key];
    }
  } else if (value instanceof Set) {
    for (const part of value) yield [`.has(${nameOf(part)})`, part];
  } else if (Array.isArray(value)) {
    for (const [index, part] of value.entries()) yield [`[${index}]`, part];
  } else if (typeof value === 'object' && value !== null) {
    for (const key of Object.keys(value)) {
      yield [
        /^[\p{L}_$][\p{L}\d_$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`,
        partAt(value, key),
      ];
    }
  }
}

/** What lies there; of a getter that throws, what cannot be cloned either. */
function partAt(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return Symbol(key);
  }
}

function nameOf(key: unknown): string {
  return typeof key === 'string' ? JSON.stringify(key) : inspect(key, { depth: 0 });
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
