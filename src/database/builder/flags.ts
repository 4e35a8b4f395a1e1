import { type Dialect, sqlError } from './statement.js';
import type { StatementKind } from './state.js';

/** Words behind the first word of a statement. */
export type Flag =
  | 'DISTINCT'
  | 'SQL_CALC_FOUND_ROWS'
  | 'SQL_CACHE'
  | 'SQL_NO_CACHE'
  | 'STRAIGHT_JOIN'
  | 'HIGH_PRIORITY'
  | 'SQL_SMALL_RESULT'
  | 'SQL_BIG_RESULT'
  | 'SQL_BUFFER_RESULT'
  | 'LOW_PRIORITY'
  | 'IGNORE'
  | 'QUICK'
  | 'DELAYED';

/** What MySQL takes. An INSERT takes one priority. */
const TAKEN: Readonly<Record<StatementKind, readonly Flag[]>> = {
  SELECT: [
    'DISTINCT',
    'SQL_CALC_FOUND_ROWS',
    'SQL_CACHE',
    'SQL_NO_CACHE',
    'STRAIGHT_JOIN',
    'HIGH_PRIORITY',
    'SQL_SMALL_RESULT',
    'SQL_BIG_RESULT',
    'SQL_BUFFER_RESULT',
  ],
  INSERT: ['LOW_PRIORITY', 'DELAYED', 'HIGH_PRIORITY', 'IGNORE'],
  UPDATE: ['LOW_PRIORITY', 'IGNORE'],
  DELETE: ['LOW_PRIORITY', 'QUICK', 'IGNORE'],
};

/** What SQLite knows. Left out is what only asks for speed or priority, and what changes the result is refused. */
const SQLITE: Readonly<Record<StatementKind, Readonly<Partial<Record<Flag, string>>>>> = {
  SELECT: { DISTINCT: ' DISTINCT' },
  INSERT: { IGNORE: ' OR IGNORE' },
  UPDATE: { IGNORE: ' OR IGNORE' },
  DELETE: {},
};
const CHANGES_THE_RESULT: readonly Flag[] = ['DISTINCT', 'SQL_CALC_FOUND_ROWS', 'IGNORE'];

/** Each with a space before it. @throws GW_SQL for one that the statement does not take */
export function flagsText(kind: StatementKind, flags: readonly Flag[], dialect: Dialect): string {
  if (flags.length === 0) return '';
  const wrong = flags.find((flag) => !TAKEN[kind].includes(flag));
  if (wrong !== undefined) throw sqlError(`${kind} takes no ${wrong}.`);
  if (kind === 'INSERT' && flags.filter((flag) => flag !== 'IGNORE').length > 1) {
    throw sqlError('INSERT takes one of LOW_PRIORITY, DELAYED and HIGH_PRIORITY.');
  }
  if (dialect === 'sqlite') return flags.map((flag) => sqliteFlag(kind, flag)).join('');
  // MySQL takes those of a SELECT in any order, and of the others IGNORE last
  const ordered = flags.toSorted((left, right) => Number(left === 'IGNORE') - Number(right === 'IGNORE'));
  return ` ${ordered.join(' ')}`;
}

function sqliteFlag(kind: StatementKind, flag: Flag): string {
  const text = SQLITE[kind][flag];
  if (text !== undefined) return text;
  if (!CHANGES_THE_RESULT.includes(flag)) return '';
  throw sqlError(`SQLite has no ${kind} ${flag}.`);
}
