import { flagsText } from './flags.js';
import { quoteAliased, quoteNamesIn } from './identifiers.js';
import type { SqlPart } from './parameters.js';
import type { SelectColumn, StatementKind, StatementState } from './state.js';
import { type Dialect, sqlError } from './statement.js';

/** The statement as text and parameters, without what comes before a UNION. @throws GW_SQL when it cannot be made */
export function render(state: StatementState, dialect: Dialect): SqlPart[] {
  if (state.kind === undefined) {
    throw sqlError('The statement does nothing yet: call select(), insert(), update() or delete().');
  }
  return RENDERERS[state.kind](state, dialect);
}

const RENDERERS: Readonly<Record<StatementKind, (state: StatementState, dialect: Dialect) => SqlPart[]>> = {
  SELECT: renderSelect,
  INSERT: renderInsert,
  UPDATE: renderUpdate,
  DELETE: renderDelete,
};

function renderSelect(state: StatementState, dialect: Dialect): SqlPart[] {
  if (state.forUpdate && dialect === 'sqlite') {
    throw sqlError(
      'SQLite has no SELECT … FOR UPDATE: a transaction that writes first locks the whole database.',
    );
  }
  return [
    `SELECT${flagsText('SELECT', state.flags, dialect)} ${columnsText(state.columns, dialect)}`,
    ...tables(state),
    clause('WHERE', state.where.text),
    clause('GROUP BY', state.groupBy.join(',')),
    clause('HAVING', state.having.text),
    orderText(state),
    limitText(state),
    state.limit > 0 && state.offset > 0 ? ` OFFSET ${state.offset}` : '',
    state.forUpdate ? ' FOR UPDATE' : '',
  ];
}

function renderInsert(state: StatementState, dialect: Dialect): SqlPart[] {
  const { assignments } = state;
  const into = `INSERT${flagsText('INSERT', state.flags, dialect)} INTO ${state.table}`;
  if (dialect === 'sqlite' && assignments.length === 0) return [`${into} DEFAULT VALUES`];
  const columns = assignments.map(({ column }) => plainColumn(column, dialect)).join(',');
  return [`${into} ( ${columns}) VALUES ( `, ...separated(assignments.map(({ value }) => [value])), ')'];
}

function renderUpdate(state: StatementState, dialect: Dialect): SqlPart[] {
  const { assignments } = state;
  if (assignments.length === 0) throw sqlError('The UPDATE sets no column: call cols(), col() or set().');
  return [
    `UPDATE${flagsText('UPDATE', state.flags, dialect)} ${state.table} SET `,
    ...separated(assignments.map(({ column, value }) => [`${plainColumn(column, dialect)} = `, value])),
    clause('WHERE', state.where.text),
    boundedText(state, dialect),
  ];
}

function renderDelete(state: StatementState, dialect: Dialect): SqlPart[] {
  const [from, ...others] = state.from;
  if (others.length > 0 || from.length > 1) {
    throw sqlError(
      'delete() is from one table, without joins: write a DELETE from several yourself, with query().',
    );
  }
  return [
    `DELETE${flagsText('DELETE', state.flags, dialect)}`,
    ...tables(state),
    clause('WHERE', state.where.text),
    boundedText(state, dialect),
  ];
}

/** Of columns with the same alias the last one stays, in the place of the first. */
function columnsText(columns: readonly SelectColumn[], dialect: Dialect): string {
  const texts = new Map<unknown, string>();
  for (const column of columns) {
    const { text, alias } = column;
    if (text === '') throw sqlError('A column of the SELECT is empty.');
    texts.set(
      alias ?? column,
      alias === undefined ? quoteNamesIn(text, dialect) : quoteAliased(text, alias, dialect),
    );
  }
  if (texts.size === 0) throw sqlError('The SELECT has no columns.');
  return [...texts.values()].join(',');
}

function tables({ from }: StatementState): SqlPart[] {
  return from.length === 0 ? [] : [' FROM ', ...separated(from)];
}

function separated(lists: readonly (readonly SqlPart[])[]): SqlPart[] {
  if (lists.length === 1) return [...lists[0]];
  return lists.flatMap((list, index) => (index === 0 ? list : [',', ...list]));
}

function clause(words: string, text: string): string {
  return text === '' ? '' : ` ${words} ${text}`;
}

function orderText({ orderBy, direction }: StatementState): string {
  return orderBy.length === 0 ? '' : ` ORDER BY ${orderBy.join(',')}${direction}`;
}

function limitText({ limit }: StatementState): string {
  return limit === 0 ? '' : ` LIMIT ${limit}`;
}

/** Which rows an UPDATE or DELETE ends at. */
function boundedText(state: StatementState, dialect: Dialect): string {
  const text = orderText(state) + limitText(state);
  if (text === '' || dialect === 'mysql') return text;
  throw sqlError(`SQLite has no ${state.kind} with ORDER BY or LIMIT: name the rows by a SELECT in where().`);
}

/** @throws GW_SQL for `table`.`column` in SQLite, which takes the column alone */
function plainColumn(column: string, dialect: Dialect): string {
  if (dialect === 'mysql' || !/^`(?:[^`]|``)*`\./.test(column)) return column;
  throw sqlError(`SQLite takes no table before the column that is set: ${column}.`);
}
