import type { Flag } from './flags.js';
import type { SqlPart } from './parameters.js';

export type StatementKind = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';

/** A column of a SELECT, as it was given. */
export interface SelectColumn {
  readonly text: string;
  readonly alias?: string;
}

/** `column = value` of an UPDATE or INSERT. */
export interface Assignment {
  readonly column: string;
  readonly value: SqlPart;
}

/** A SELECT that is followed by UNION. */
export interface UnionedSelect {
  readonly parts: readonly SqlPart[];
  readonly values: readonly unknown[];
  readonly union: 'UNION' | 'UNION ALL';
}

/** Conditions that are joined already, and the values of their `?`. */
export interface Conditions {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** All that has been said of a statement. A change makes a new one, which shares what stays. */
export interface StatementState {
  readonly kind: StatementKind | undefined;
  readonly unions: readonly UnionedSelect[];
  readonly flags: readonly Flag[];
  readonly columns: readonly SelectColumn[];
  readonly table: string | undefined;
  readonly assignments: readonly Assignment[];
  /** Each table with its joins. */
  readonly from: readonly (readonly SqlPart[])[];
  readonly where: Conditions;
  readonly groupBy: readonly string[];
  readonly having: Conditions;
  readonly orderBy: readonly string[];
  /** Behind the last column of ORDER BY. */
  readonly direction: '' | ' ASC' | ' DESC';
  /** 0 is none. */
  readonly limit: number;
  readonly offset: number;
  /** Rows of a page. */
  readonly paging: number;
  readonly forUpdate: boolean;
  readonly bindings: readonly (readonly [key: string | number, value: unknown])[];
}

const NO_CONDITIONS: Conditions = { text: '', values: [] };

/** What begins anew behind a UNION. */
export const EMPTY_SELECT = {
  flags: [],
  columns: [],
  from: [],
  where: NO_CONDITIONS,
  groupBy: [],
  having: NO_CONDITIONS,
  orderBy: [],
  limit: 0,
  offset: 0,
  forUpdate: false,
} as const satisfies Partial<StatementState>;

export const EMPTY_STATEMENT: StatementState = {
  ...EMPTY_SELECT,
  kind: undefined,
  unions: [],
  table: undefined,
  assignments: [],
  direction: '',
  paging: 10,
  bindings: [],
};
