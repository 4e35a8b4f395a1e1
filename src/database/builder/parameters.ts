import { remembered } from './remembered.js';
import { type CompiledStatement, type Dialect, type SqlValue, kindOf, sqlError } from './statement.js';
import { tokensOf } from './tokens.js';
import { sqlValue } from './value.js';

/** A place for a value in a statement. */
export interface Parameter {
  /** As it is written: `?` or `:name`. */
  readonly text: string;
  /** Without the colon; undefined for a `?`. */
  readonly name: string | undefined;
  /** Whether it stands for a column's new value, so that its name is the column's and may be any. */
  readonly column: boolean;
  /** undefined as long as it has none. */
  readonly value: SqlValue | undefined;
}

/** A statement is made of text and parameters. Text may have more parameters in it until `findParameters` has been over it. */
export type SqlPart = string | Parameter;

/** Values by the place of their `?`, which counts from 1, or by name without colon, in the order in which they were given. */
export type Bindings = ReadonlyMap<string | number, unknown>;

/** Parameters of a statement: an array for its `?`, an object for `:name` (with or without the colon) and, by number, `?`. */
export type Parameters = readonly unknown[] | Readonly<Record<string, unknown>>;

/**
 * A statement with its values in order and each `:name` a `?`. What is in a literal, a quoted name or a comment is no parameter.
 *
 * @throws GW_SQL for a parameter without a value, a value without a parameter, or a value that cannot be bound
 */
export function bindParameters(
  sql: string,
  parameters: Parameters | undefined,
  dialect: Dialect,
): CompiledStatement {
  if (Array.isArray(parameters)) {
    const { places, named } = partsOf(sql, dialect);
    if (!named && places === parameters.length) {
      return { sql, values: parameters.map((value, index) => sqlValue(value, `the ${index + 1}. ?`)) };
    }
  }
  const bindings: (readonly [string | number, unknown])[] = bindingsOf('query', parameters ?? []);
  return compileParts(bindParts(findParameters([sql], dialect), new Map(bindings)));
}

/** As a list; of one key the last counts. @throws GW_SQL */
export function bindingsOf(call: string, values: unknown): [key: string | number, value: unknown][] {
  if (Array.isArray(values)) return values.map((value, index) => [index + 1, value]);
  if (typeof values === 'object' && values !== null) {
    const entries = values instanceof Map ? [...values] : Object.entries(values);
    return entries.map(([key, value]) => [bindingKey(call, key), value]);
  }
  throw sqlError(`${call} was given ${kindOf(values)}; expected an array or object of values.`);
}

/** The place of a `?` for a number or its digits, else a name without its colon. @throws GW_SQL */
export function bindingKey(call: string, key: unknown): string | number {
  if (typeof key === 'string') {
    if (/^[1-9]\d{0,8}$/.test(key)) return Number(key);
    const name = key.startsWith(':') ? key.slice(1) : key;
    if (name !== '' && !/^-?\d+$/.test(name)) return name;
  }
  if (typeof key === 'number' && Number.isSafeInteger(key) && key > 0) return key;
  throw sqlError(`${call} binds a value to no parameter: expected a name, or a place, which counts from 1.`);
}

/** Takes the parameters out of the text. Texts that lie side by side are one text. */
export function findParameters(parts: readonly SqlPart[], dialect: Dialect): SqlPart[] {
  const found: SqlPart[] = [];
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    if (!addParts(found, text, dialect)) {
      throw sqlError(`A literal or comment before the parameter ${part.text} has no end.`);
    }
    text = '';
    found.push(part);
  }
  addParts(found, text, dialect);
  return found;
}

/** @throws GW_SQL when the name of a new column value is a parameter of its own, too: whose value would it be? */
export function checkColumnNames(parts: readonly SqlPart[]): void {
  const columns = new Set<string | undefined>();
  for (const part of parts) if (typeof part !== 'string' && part.column) columns.add(part.name);
  for (const part of parts) {
    if (typeof part === 'string' || part.column || part.value !== undefined) continue;
    if (part.name === undefined || !columns.has(part.name)) continue;
    throw sqlError(
      `${part.text} is the value of a column that is set: give the other parameter another name.`,
    );
  }
}

/** Gives values to the parameters that have none. @throws GW_SQL for values that are left over */
export function bindParts(parts: readonly SqlPart[], bindings: Bindings): SqlPart[] {
  const used = new Set<string | number>();
  let places = 0;
  const bound = parts.map((part) => {
    if (typeof part === 'string' || part.value !== undefined) return part;
    const key = part.name ?? ++places;
    used.add(key);
    if (!bindings.has(key)) return part;
    const what = part.name === undefined ? `the ${key}. ?` : part.text;
    return { ...part, value: sqlValue(bindings.get(key), what) };
  });
  checkLeftOver(
    [...bindings.keys()].filter((key) => !used.has(key)),
    places,
  );
  return bound;
}

/** @throws GW_SQL for parameters without a value */
export function compileParts(parts: readonly SqlPart[]): CompiledStatement {
  const missing = new Set<string>();
  const values: SqlValue[] = [];
  let sql = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      sql += part;
      continue;
    }
    sql += '?';
    if (part.value === undefined) missing.add(part.text);
    else values.push(part.value);
  }
  if (missing.size > 0) {
    throw sqlError(`Not every parameter of the statement has a value: ${[...missing].join(', ')} has none.`);
  }
  return { sql, values };
}

/** The statement as it was written, for people to read. */
export function textOf(parts: readonly SqlPart[]): string {
  return parts.map((part) => (typeof part === 'string' ? part : part.text)).join('');
}

/** @returns whether the text ends in code, so that a parameter can follow */
function addParts(found: SqlPart[], text: string, dialect: Dialect): boolean {
  const { parts, closed } = partsOf(text, dialect);
  for (const part of parts) found.push(part);
  return closed;
}

const partsOf = remembered((text, dialect) => {
  const tokens = tokensOf(text, dialect);
  const parts: SqlPart[] = [];
  let from = 0;
  let places = 0;
  let named = false;
  for (const { kind, start, end } of tokens) {
    if (kind !== 'parameter') continue;
    const parameter = text.slice(start, end);
    const name = parameter === '?' ? undefined : parameter.slice(1);
    if (name === undefined) places++;
    else named = true;
    parts.push(text.slice(from, start), { text: parameter, name, column: false, value: undefined });
    from = end;
  }
  parts.push(text.slice(from));
  return { parts, places, named, closed: tokens.at(-1)?.closed ?? true };
});

function checkLeftOver(keys: readonly (string | number)[], places: number): void {
  const names = keys.filter((key) => typeof key === 'string').map((name) => `:${name}`);
  if (names.length > 0)
    throw sqlError(`The statement has no parameter ${names.join(', ')}, which has a value.`);
  if (keys.length > 0) {
    throw sqlError(
      `A value is given for the ${Math.max(...keys.map(Number))}. ?, of which the statement has ${places}: where('id = ?', id).`,
    );
  }
}
