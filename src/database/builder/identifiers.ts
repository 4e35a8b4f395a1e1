import { remembered } from './remembered.js';
import { type Dialect, kindOf, sqlError } from './statement.js';
import { type Token, tokensOf } from './tokens.js';

/*
 * Names come in two ways. Where a table or a column is named, the text is names only: quoteName, quoteColumn and
 * quoteIdentifier quote all of it, whatever is in it, so that nothing can break out. Where an expression stands, it is SQL:
 * quoteNamesIn only quotes what looks like `table.column`. What is quoted and what is not is PHP's choice, to the letter, as
 * long as it is right: a backtick inside a name is doubled, what is quoted already stays, and what is inside a literal, a
 * quoted name or a comment is left alone.
 */

const WHITE_SPACE = ' \t\n\r\0\v';
/** A name in backticks, each one inside it doubled: it can stand as it is. */
const QUOTED = /^`(?:[^`]|``)+`$/;
/** Names in backticks, wherever they are. */
const QUOTED_IN_TEXT = /`(?:[^`]|``)*`/g;
const LAST_AS = /^.*( AS )/is;
/** PHP's idea of literals: a run of quotes up to the next such run, on one line. */
const PHP_LITERAL = /('+|"+)[^\n]*?\1/g;
// `$` and letters beyond ASCII belong to a name, and behind an @ stands a variable
const DOTTED = /(?<![\w$@\u0080-\uffff])([a-z_][a-z0-9_]*)\.([a-z_][a-z0-9_]*)(?![\w$\u0080-\uffff])/gi;
const PLAIN_WORD = /^[\p{L}_][\p{L}\p{N}_$]*$/u;

/** Without the white space around it that PHP's trim() takes away; others, such as a no-break space, belong to the text. */
export function trim(text: string): string {
  return trimEnd(trimStart(text));
}

export function trimStart(text: string): string {
  let start = 0;
  while (start < text.length && WHITE_SPACE.includes(text[start])) start++;
  return text.slice(start);
}

export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && WHITE_SPACE.includes(text[end - 1])) end--;
  return text.slice(0, end);
}

/**
 * `name`, `db.name`, `name alias` or `name AS alias`, each part quoted.
 *
 * @throws GW_SQL for a part that is empty or has a NUL in it
 */
export const quoteName = remembered((spec) => quoteParts(spec, true));

/** `name` or `table.name`: the same without an alias, so that a name may have spaces in it. @throws GW_SQL */
export function quoteColumn(spec: string): string {
  return quoteParts(spec, false);
}

/** One name, quoted, whatever it is; but `*` stays. @throws GW_SQL when it is empty or has a NUL in it */
export function quoteIdentifier(name: string): string {
  const trimmed = trim(name);
  if (trimmed === '') throw sqlError('A name of a table or column is empty.');
  // MySQL has no such names, and SQLite would take the text up to there for the statement
  if (trimmed.includes('\0')) throw sqlError('A name of a table or column has a NUL in it.');
  if (trimmed === '*' || QUOTED.test(trimmed)) return trimmed;
  return `\`${trimmed.replaceAll('`', '``')}\``;
}

/** Quotes what looks like `table.column` in an expression, and an alias at its end. @throws GW_SQL for an empty alias */
export const quoteNamesIn = remembered((text, dialect) => {
  const tail = tailOf(text);
  const before = tail.includes(')') ? undefined : LAST_AS.exec(tail)?.[0].length;
  if (before === undefined) return quoteDotted(text, dialect);
  const alias = text.length - tail.length + before;
  const as = alias - ' AS '.length;
  if (!isCode(as, tokensOf(text, dialect))) return quoteDotted(text, dialect);
  return `${quoteDotted(text.slice(0, as), dialect)} AS ${quoteIdentifier(text.slice(alias))}`;
});

/** An expression with an alias, which goes without quotes where PHP has none and it needs none. @throws GW_SQL */
export function quoteAliased(text: string, alias: string, dialect: Dialect): string {
  const bare = PLAIN_WORD.test(alias) && tailOf(text).includes(')');
  return `${quoteDotted(text, dialect)} AS ${bare ? alias : quoteIdentifier(alias)}`;
}

/** @throws GW_SQL unless it is a string; a number will do, as in PHP */
export function checkText(call: string, what: string, text: unknown): string {
  if (typeof text === 'string') return text;
  if (typeof text === 'number') return String(text);
  throw sqlError(`${call} was given ${kindOf(text)} as ${what}; expected a string.`);
}

/** What is behind the last literal. */
function tailOf(text: string): string {
  const last = literalsIn(text).at(-1);
  return last === undefined ? text : text.slice(last.index + last[0].length);
}

function literalsIn(text: string): RegExpExecArray[] {
  return text.includes("'") || text.includes('"') ? [...text.matchAll(PHP_LITERAL)] : [];
}

function quoteDotted(text: string, dialect: Dialect): string {
  if (!text.includes('.')) return text;
  const tokens = tokensOf(text, dialect);
  let result = '';
  let from = 0;
  for (const literal of literalsIn(text)) {
    result += quoteDottedBetween(text, from, literal.index, tokens) + literal[0];
    from = literal.index + literal[0].length;
  }
  return result + quoteDottedBetween(text, from, text.length, tokens);
}

/** As PHP, nothing at all where a quote has no partner. */
function quoteDottedBetween(text: string, start: number, end: number, tokens: readonly Token[]): string {
  const piece = text.slice(start, end);
  if (piece.includes("'") || piece.includes('"')) return piece;
  return piece.replaceAll(DOTTED, (match, table: string, column: string, at: number) =>
    isCode(start + at, tokens) ? `\`${table}\`.\`${column}\`` : match,
  );
}

function isCode(at: number, tokens: readonly Token[]): boolean {
  return !tokens.some(({ kind, start, end }) => kind !== 'parameter' && start <= at && at < end);
}

/** From the end: a part, and what separates it from the one before; separators in quoted names do not count. */
function quoteParts(spec: string, withAlias: boolean): string {
  let rest = trim(spec);
  // as long as the text, so that what is found in it is there in the text, too
  const mask = rest.replaceAll(QUOTED_IN_TEXT, ({ length }) => '`'.repeat(length));
  const parts: string[] = [];
  for (;;) {
    const cut = lastSeparator(mask, rest.length, withAlias);
    if (cut === undefined) break;
    parts.push(quoteIdentifier(rest.slice(cut.at + cut.separator.length)), cut.separator);
    rest = trimEnd(rest.slice(0, cut.at));
  }
  return quoteIdentifier(rest) + parts.toReversed().join('');
}

/** In the first `length` characters. One that begins the text separates nothing. */
function lastSeparator(
  mask: string,
  length: number,
  withAlias: boolean,
): { at: number; separator: string } | undefined {
  if (withAlias) {
    const as = LAST_AS.exec(mask.slice(0, length))?.[0].length ?? 0;
    if (as > ' AS '.length) return { at: as - ' AS '.length, separator: ' AS ' };
    const space = mask.lastIndexOf(' ', length - 1);
    if (space > 0) return { at: space, separator: ' ' };
  }
  const dot = mask.lastIndexOf('.', length - 1);
  return dot > 0 ? { at: dot, separator: '.' } : undefined;
}
