import { checkText, trim } from './identifiers.js';
import { remembered } from './remembered.js';
import type { SelectColumn } from './state.js';
import { kindOf, sqlError } from './statement.js';

/** A list; or an object or Map, whose number keys are those of a list: a PHP array has both kinds. */
export type ListOrMap<Value> =
  | readonly Value[]
  | Readonly<Record<string, Value>>
  | ReadonlyMap<string | number, Value>;

/** The key is undefined for what stands in a list. @throws GW_SQL */
export function entriesOf<Value>(call: string, entries: ListOrMap<Value>): [string | undefined, Value][] {
  if (Array.isArray(entries)) return entries.map((value: Value) => [undefined, value]);
  if (entries instanceof Map) {
    return Array.from(entries as ReadonlyMap<string | number, Value>, ([key, value]) => [
      typeof key === 'number' ? undefined : key,
      value,
    ]);
  }
  if (typeof entries === 'object' && entries !== null) return Object.entries(entries);
  throw sqlError(`${call} was given ${kindOf(entries)}; expected an array, an object or a Map.`);
}

/** Words that begin an expression: what follows is no alias. */
const BEGINS_EXPRESSION = /^(?:ALL|BINARY|DISTINCT|DISTINCTROW|NOT)$/i;

/** Columns as select() takes them: text with commas, a list, or aliases by column. @throws GW_SQL */
export function selectColumns(call: string, columns: string | ListOrMap<string>): readonly SelectColumn[] {
  if (typeof columns === 'string') return columnsIn(columns);
  return entriesOf(call, columns).map(([key, value]) => {
    const text = checkText(call, 'a column', value);
    return key === undefined ? columnWithAlias(text) : { text: key, alias: text };
  });
}

const columnsIn = remembered((text) => text.split(',').map(columnWithAlias));

/** `column alias` and `column AS alias`, with single spaces; anything else is an expression. */
function columnWithAlias(text: string): SelectColumn {
  const words = text.split(' ');
  const [column] = words;
  if (!BEGINS_EXPRESSION.test(column) && bracketsClosed(column)) {
    if (words.length === 2 && trim(words[0]) !== '' && trim(words[1]) !== '') {
      return { text: column, alias: words[1] };
    }
    if (words.length === 3 && words[1].toUpperCase() === 'AS') return { text: column, alias: words[2] };
  }
  return { text: trim(text) };
}

/** COUNT(DISTINCT name) is one expression, though it has a space. */
function bracketsClosed(text: string): boolean {
  return text.split('(').length <= text.split(')').length;
}
