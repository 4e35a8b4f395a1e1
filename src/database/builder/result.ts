import { remembered } from './remembered.js';
import type { CellsResult, ChangeResult, Dialect, Row, RowsResult } from './statement.js';
import { tokensOf } from './tokens.js';

/** What query() gives: rows; of an INSERT the new id; of an UPDATE, DELETE or REPLACE the number of rows; else null. */
export type QueryResult = readonly Row[] | number | bigint | null;

const CHANGES = new Set(['insert', 'update', 'delete', 'replace']);

/** An INSERT that inserted nothing, such as INSERT IGNORE, has no id: null. Its id is 0 when the table has no counter. */
export function queryResult(sql: string, dialect: Dialect, result: RowsResult | ChangeResult): QueryResult {
  if ('rows' in result) return result.rows;
  switch (verbOf(sql, dialect)) {
    case 'insert':
      return result.affectedRows > 0 ? result.insertId : null;
    case 'update':
    case 'delete':
    case 'replace':
      return result.affectedRows;
    default:
      return null;
  }
}

/** The first row; false when there is none. */
export function rowResult(result: RowsResult | ChangeResult): Row | false {
  return 'rows' in result ? (result.rows[0] ?? false) : false;
}

/** The first cell of each row; null when there is no row. */
export function columnResult(result: CellsResult | ChangeResult): readonly unknown[] | null {
  return 'cells' in result && result.cells.length > 0 ? result.cells : null;
}

/** The first cell of the first row; false when there is none. */
export function singleResult(result: CellsResult | ChangeResult): unknown {
  return 'cells' in result && result.cells.length > 0 ? result.cells[0] : false;
}

/** The word that says what the statement does, in lower case; '' when there is none. */
export const verbOf = remembered((sql, dialect) => {
  const first = /^\s*([a-z]+)/i.exec(sql)?.[1].toLowerCase();
  if (first !== undefined && first !== 'with') return first;
  const words = wordsOf(sql, dialect);
  const begin = words.next().value ?? '';
  if (begin !== 'with') return begin;
  for (const word of words) if (CHANGES.has(word) || word === 'select') return word;
  return begin;
});

/** Words outside of brackets, literals, quoted names and comments. */
function* wordsOf(sql: string, dialect: Dialect): Generator<string, undefined> {
  let code = '';
  let from = 0;
  for (const { start, end } of tokensOf(sql, dialect)) {
    code += `${sql.slice(from, start)} `;
    from = end;
  }
  let depth = 0;
  for (const [text] of (code + sql.slice(from)).matchAll(/[()]|\w+/g)) {
    if (text === '(') depth++;
    else if (text === ')') depth--;
    else if (depth === 0) yield text.toLowerCase();
  }
}
