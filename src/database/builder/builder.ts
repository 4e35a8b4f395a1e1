import { type ListOrMap, entriesOf, selectColumns } from './columns.js';
import { checkText, quoteColumn, quoteName, quoteNamesIn, trim } from './identifiers.js';
import {
  type Bindings,
  type SqlPart,
  bindParts,
  checkColumnNames,
  compileParts,
  findParameters,
  textOf,
} from './parameters.js';
import { render } from './render.js';
import { type QueryResult, columnResult, queryResult, rowResult, singleResult } from './result.js';
import { SourceCalls } from './source-calls.js';
import { type Assignment, EMPTY_SELECT, EMPTY_STATEMENT, type StatementState } from './state.js';
import { type CompiledStatement, type Row, type StatementRunner, kindOf, sqlError } from './statement.js';

/** What set() takes: an expression as text, or a plain value. */
export type SetValue = string | number | bigint | boolean | null;

/**
 * A statement in the making, by the calls of Workerman's MySQL class. Nothing changes a builder: each call gives a new one,
 * so that one can be kept and gone on from in several ways, by several handlers at once.
 *
 * @example await db.select('id, name').from('users').where('age > :age').bindValues({ age: 18 }).query()
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- it goes from select() to query()
export class StatementBuilder<Result = QueryResult> extends SourceCalls {
  /** A builder with nothing in it. */
  static of(runner: StatementRunner): StatementBuilder {
    return new StatementBuilder(runner, EMPTY_STATEMENT);
  }

  /**
   * Selects columns, more of them with each call: text with commas, a list, or an object of aliases by column. What looks
   * like `table.column` is quoted, the rest is SQL.
   */
  select(columns: string | ListOrMap<string> = '*'): StatementBuilder<readonly Row[]> {
    const added = selectColumns('select', columns);
    return this.#change({ kind: 'SELECT', columns: [...this.state.columns, ...added] });
  }

  insert(table: string): StatementBuilder<number | bigint | null> {
    return this.#change({ kind: 'INSERT', table: tableName('insert', table) });
  }

  update(table: string): StatementBuilder<number> {
    return this.#change({ kind: 'UPDATE', table: tableName('update', table) });
  }

  delete(table: string): StatementBuilder<number> {
    const name = tableName('delete', table);
    return this.#change({ kind: 'DELETE', table: name, from: [...this.state.from, [name]] });
  }

  /** Another table to insert into. */
  into(table: string): this {
    return this.change({ table: tableName('into', table) });
  }

  /** Another table to update. */
  table(table: string): this {
    return this.change({ table: tableName('table', table) });
  }

  /** A column to set, to a value now or by {@link bindValues} under the column's name. Of one column the last counts. */
  col(column: string, ...value: readonly [value?: unknown]): this {
    return this.#columns([[column, ...value]]);
  }

  /** Columns to set: values by column, or a list of columns. After select(), more columns of the SELECT. */
  cols(columns: ListOrMap<unknown>): this {
    if (this.state.kind === 'SELECT') {
      if (typeof columns === 'string')
        throw sqlError('cols was given a string; expected an array or object.');
      const added = selectColumns('cols', columns as ListOrMap<string>);
      return this.change({ columns: [...this.state.columns, ...added] });
    }
    return this.#columns(
      entriesOf('cols', columns).map(([key, value]) =>
        key === undefined ? [checkText('cols', 'a column', value)] : [key, value],
      ),
    );
  }

  /** Sets a column to an expression, which is SQL: `set('n', 'n + 1')`. A client's words belong into {@link cols}. */
  set(column: string, expression: SetValue): this {
    const text = expressionText(expression);
    if (trim(text) === '') throw sqlError("set was given an empty expression; '' as a value is cols()'s.");
    return this.#assign([
      { column: columnName('set', column), value: quoteNamesIn(text, this.runner.dialect) },
    ]);
  }

  /** `… UNION`: what follows is another SELECT. ORDER BY and LIMIT of the last one are those of all. */
  union(): this {
    return this.#union('UNION');
  }

  /** `… UNION ALL`, which keeps rows that are there twice. */
  unionAll(): this {
    return this.#union('UNION ALL');
  }

  /** The values so far, by name, and by place those of `?`. */
  getBindValues(): Record<string, unknown> {
    if (this.state.kind === undefined) throw sqlError('A statement that does nothing yet has no values.');
    return Object.fromEntries(this.#bindings());
  }

  /** For drivers. @throws GW_SQL when the statement cannot be made, or its parameters and values do not fit */
  compile(): CompiledStatement {
    return compileParts(this.#bound('\n'));
  }

  /** The statement with its parameters as they were written, without their values. */
  override toString(): string {
    return textOf(this.#parts(' '));
  }

  /** `name`, `db.name`, `name alias` or `name AS alias`, quoted. @throws GW_SQL */
  quoteName(name: string): string {
    return quoteName(checkText('quoteName', 'a name', name));
  }

  /** An expression in which `table.column`, and an alias at its end, are quoted. @throws GW_SQL */
  quoteNamesIn(expression: string): string {
    return quoteNamesIn(checkText('quoteNamesIn', 'an expression', expression), this.runner.dialect);
  }

  /** @internal What another builder puts in brackets. */
  asSubSelect(): readonly SqlPart[] {
    if (this.state.kind !== 'SELECT') throw sqlError('A sub-select has to be a SELECT.');
    return this.#bound(' ');
  }

  /** Runs it: rows of a SELECT, the new id of an INSERT (null when nothing was inserted), else the number of changed rows. */
  async query<Value = Result>(): Promise<Value> {
    const { sql, values } = this.compile();
    return queryResult(sql, this.runner.dialect, await this.runner.run(sql, values)) as Value;
  }

  /** Runs it: the first row, false when there is none. */
  async row<Value = Row>(): Promise<Value | false> {
    const { sql, values } = this.compile();
    return rowResult(await this.runner.run(sql, values)) as Value | false;
  }

  /** Runs it: the first cell of each row, null when there is no row. */
  async column<Value = unknown>(): Promise<readonly Value[] | null> {
    const { sql, values } = this.compile();
    return columnResult(await this.runner.runForCells(sql, values)) as readonly Value[] | null;
  }

  /** Runs it: the first cell of the first row, false when there is none. */
  async single<Value = unknown>(): Promise<Value | false> {
    const { sql, values } = this.compile();
    return singleResult(await this.runner.runForCells(sql, values)) as Value | false;
  }

  protected override change(change: Partial<StatementState>): this {
    return this.#change(change) as this;
  }

  #change<Changed>(change: Partial<StatementState>): StatementBuilder<Changed> {
    return new StatementBuilder(this.runner, { ...this.state, ...change });
  }

  #columns(columns: readonly (readonly [column: string, value?: unknown])[]): this {
    const values = columns.flatMap(([name, ...value]): (readonly [string, unknown])[] =>
      value.length === 0 ? [] : [[name, value[0]]],
    );
    const assignments = columns.map(([name]) => ({
      column: columnName('cols', name),
      value: { text: `:${name}`, name, column: true, value: undefined },
    }));
    return this.change({ bindings: [...this.state.bindings, ...values] }).#assign(assignments);
  }

  /** One that is there keeps its place. */
  #assign(added: readonly Assignment[]): this {
    const byColumn = new Map([...this.state.assignments, ...added].map((one) => [one.column, one]));
    return this.change({ assignments: [...byColumn.values()] });
  }

  #union(union: 'UNION' | 'UNION ALL'): this {
    const { state } = this;
    const parts = render(state, this.runner.dialect);
    if (state.kind !== 'SELECT') throw sqlError(`${state.kind} has no ${union}.`);
    if (state.orderBy.length > 0 || state.limit > 0 || state.forUpdate) {
      throw sqlError(`ORDER BY, LIMIT and FOR UPDATE come in the last SELECT of a ${union}, for all of it.`);
    }
    const values = [...state.where.values, ...state.having.values];
    return this.change({ ...EMPTY_SELECT, unions: [...state.unions, { parts, values, union }] });
  }

  /** @param separator what is behind UNION */
  #parts(separator: ' ' | '\n'): SqlPart[] {
    const { kind, unions } = this.state;
    const last = render(this.state, this.runner.dialect);
    if (unions.length === 0) return last;
    if (kind !== 'SELECT') throw sqlError(`${kind} cannot follow a UNION.`);
    return [...unions.flatMap(({ parts, union }) => [...parts, ` ${union}${separator}`]), ...last];
  }

  #bound(separator: ' ' | '\n'): SqlPart[] {
    const parts = findParameters(this.#parts(separator), this.runner.dialect);
    checkColumnNames(parts);
    return bindParts(parts, this.#bindings());
  }

  /** Conditions' values are those of the first `?`, in the order of the text, and come before others for the same place. */
  #bindings(): Bindings {
    const { kind, unions, where, having, bindings } = this.state;
    const all = new Map<string | number, unknown>(bindings);
    let place = 0;
    for (const { values } of unions) for (const value of values) all.set(++place, value);
    for (const value of where.values) all.set(++place, value);
    if (kind === 'SELECT') for (const value of having.values) all.set(++place, value);
    return all;
  }
}

function tableName(call: string, table: string): string {
  return quoteName(checkText(call, 'a table', table));
}

function columnName(call: string, column: string): string {
  return quoteColumn(checkText(call, 'a column', column));
}

function expressionText(expression: SetValue): string {
  switch (typeof expression) {
    case 'string':
      return expression;
    case 'boolean':
      return expression ? '1' : '0';
    case 'bigint':
      return String(expression);
    case 'number':
      if (Number.isFinite(expression)) return String(expression);
      throw sqlError('set was given a number that is not finite.');
    default:
      if (expression === null) return 'NULL';
      throw sqlError(
        `set was given ${kindOf(expression)}; expected an expression as text, or a plain value.`,
      );
  }
}
