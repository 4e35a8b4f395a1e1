import type { Dialect } from './statement.js';

/** A place in a statement's text that is no plain code. */
export interface Token {
  /** A string literal or quoted identifier; a comment; a parameter, which is `?` or `:name`. */
  readonly kind: 'quoted' | 'comment' | 'parameter';
  readonly start: number;
  /** Behind its last character. */
  readonly end: number;
  /** False for a literal or comment that runs to the end of the text because nothing ends it. */
  readonly closed: boolean;
}

// as PDO's, and letters of any language
const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
// its contents are code to MySQL and MariaDB: only the opening is skipped
const CONDITIONAL_COMMENT = /\/\*M?!\d*/y;

/**
 * The literals, quoted identifiers, comments and parameters of a statement, in order. MySQL is taken to have its usual
 * sql_mode: a backslash escapes in literals (not with NO_BACKSLASH_ESCAPES).
 */
export function tokensOf(sql: string, dialect: Dialect): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < sql.length; at++) {
    const token = tokenAt(sql, at, dialect);
    if (token === undefined) continue;
    tokens.push(token);
    at = token.end - 1;
  }
  return tokens;
}

function tokenAt(sql: string, at: number, dialect: Dialect): Token | undefined {
  const mysql = dialect === 'mysql';
  switch (sql[at]) {
    case "'":
    case '"':
      return quoted(sql, at, mysql);
    case '`':
      return quoted(sql, at, false);
    case '[':
      return mysql ? undefined : upTo(']', 'quoted', sql, at, at + 1);
    case '#':
      return mysql ? lineComment(sql, at) : undefined;
    case '-':
      // MySQL wants white space behind it: 5--3 is 8
      if (sql[at + 1] !== '-' || (mysql && sql[at + 2] > ' ')) return undefined;
      return lineComment(sql, at);
    case '/':
      return comment(sql, at, mysql);
    case '?':
      return { kind: 'parameter', start: at, end: at + 1, closed: true };
    case ':':
      return named(sql, at);
    default:
      return undefined;
  }
}

/** A quote inside is doubled, which makes two of one here; or, in MySQL's literals, it is behind a backslash. */
function quoted(sql: string, start: number, backslash: boolean): Token {
  const quote = sql[start];
  for (let at = start + 1; at < sql.length; at++) {
    if (sql[at] === '\\' && backslash) at++;
    else if (sql[at] === quote) return { kind: 'quoted', start, end: at + 1, closed: true };
  }
  return { kind: 'quoted', start, end: sql.length, closed: false };
}

function comment(sql: string, start: number, mysql: boolean): Token | undefined {
  if (sql[start + 1] !== '*') return undefined;
  CONDITIONAL_COMMENT.lastIndex = start;
  if (mysql && CONDITIONAL_COMMENT.test(sql)) {
    return { kind: 'comment', start, end: CONDITIONAL_COMMENT.lastIndex, closed: true };
  }
  return upTo('*/', 'comment', sql, start, start + 2);
}

function lineComment(sql: string, start: number): Token {
  return upTo('\n', 'comment', sql, start, start);
}

function upTo(last: string, kind: Token['kind'], sql: string, start: number, from: number): Token {
  const found = sql.indexOf(last, from);
  if (found === -1) return { kind, start, end: sql.length, closed: false };
  return { kind, start, end: found + last.length, closed: true };
}

function named(sql: string, start: number): Token | undefined {
  // `::` is a cast elsewhere
  if (sql[start - 1] === ':') return undefined;
  NAME.lastIndex = start + 1;
  return NAME.test(sql) ? { kind: 'parameter', start, end: NAME.lastIndex, closed: true } : undefined;
}
