import type { Dialect } from './builder/statement.js';
import { tokensOf } from './builder/tokens.js';

/** Characters of a statement in the log and in errors. */
const LONGEST = 500;
/** A number that is no part of a name. */
const NUMBER = /(?<![\p{L}\p{N}_$@`."])(?:0x[\da-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?![\p{L}\p{N}_$])/giu;
/** Messages of MySQL that name tables, columns, functions and users, and no value. */
const NAMES_ONLY = new Set([
  1044, 1045, 1046, 1048, 1049, 1050, 1051, 1054, 1060, 1061, 1072, 1091, 1142, 1146, 1205, 1213, 1217, 1264,
  1305, 1364, 1406, 1451, 1452,
]);

/** A statement without the values that are written in it: for the log and for errors. */
export function statementText(sql: string, dialect: Dialect): string {
  let text = '';
  let from = 0;
  for (const { kind, start, end } of tokensOf(sql, dialect)) {
    const told = kind === 'parameter' || (kind === 'quoted' && isName(sql[start], dialect));
    text += sql.slice(from, start).replace(NUMBER, '?');
    if (told) text += sql.slice(start, end);
    else if (kind === 'comment') text += ' ';
    // a literal with a doubled quote in it is two tokens
    else if (start !== from || !text.endsWith('?')) text += '?';
    from = end;
  }
  text = (text + sql.slice(from).replace(NUMBER, '?')).replaceAll(/\s+/g, ' ').trim();
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** A server's message without the values that may be in it. */
export function serverText(message: string, number: number | undefined): string {
  if (number !== undefined && NAMES_ONLY.has(number)) return message;
  // a value may have quotes in it, and behind it may come the name of a key or column
  const [, name = ''] = /'( for (?:key|column) ['`][^'`]*['`].*)$/s.exec(message) ?? [];
  return message.slice(0, message.length - name.length).replace(/'[^]*'/, "'?'") + name;
}

function isName(quote: string, dialect: Dialect): boolean {
  return quote === '`' || quote === '[' || (quote === '"' && dialect === 'sqlite');
}
