import { type ListOrMap, entriesOf } from './columns.js';
import { FlagCalls } from './flag-calls.js';
import { checkText, quoteNamesIn, trim } from './identifiers.js';
import { bindingKey, bindingsOf } from './parameters.js';
import type { Conditions, StatementState } from './state.js';
import { kindOf, sqlError } from './statement.js';
import { wholeNumber } from './value.js';

/**
 * Conditions, order and limits, and the values of parameters. Conditions and columns are SQL here, in which `table.column`
 * is quoted: what a client sent belongs into a value, never into them. All throw GW_SQL for arguments that cannot be used.
 */
export abstract class ClauseCalls extends FlagCalls {
  /**
   * `AND condition`. The values belong to its `?`; a `:name` gets its value from {@link bindValues}.
   *
   * Several conditions are an array of them, or an object with one value for each.
   *
   * @example where('age > ? AND city = ?', 18, 'Oslo')
   * @example where({ 'age > ?': 18, 'city = ?': 'Oslo' })
   */
  where(condition: string, ...values: readonly unknown[]): this;
  where(conditions: ListOrMap<unknown>): this;
  where(condition: string | ListOrMap<unknown>, ...values: readonly unknown[]): this {
    return this.change({ where: this.#conditions('where', 'AND', condition, values) });
  }

  /** `OR condition`, otherwise as {@link where}. */
  orWhere(condition: string, ...values: readonly unknown[]): this;
  orWhere(conditions: ListOrMap<unknown>): this;
  orWhere(condition: string | ListOrMap<unknown>, ...values: readonly unknown[]): this {
    return this.change({ where: this.#conditions('orWhere', 'OR', condition, values) });
  }

  /** A condition of HAVING, with the values of its `?`. */
  having(condition: string, ...values: readonly unknown[]): this {
    return this.change({ having: this.#joined('having', 'AND', this.state.having, condition, values) });
  }

  /** The same with OR. */
  orHaving(condition: string, ...values: readonly unknown[]): this {
    return this.change({ having: this.#joined('orHaving', 'OR', this.state.having, condition, values) });
  }

  /** GROUP BY, behind what is there already. */
  groupBy(columns: readonly string[]): this {
    return this.change({ groupBy: [...this.state.groupBy, ...this.#quoted('groupBy', columns)] });
  }

  /** ORDER BY, behind what is there already: `orderBy(['age DESC', 'id'])`. */
  orderBy(columns: readonly string[]): this {
    return this.#order('orderBy', columns, '');
  }

  /** The same, with ASC behind the last column, or DESC when `ascending` is false. */
  orderByASC(columns: readonly string[], ascending: boolean | null = true): this {
    return this.#order('orderByASC', columns, ascending === null ? '' : ascending ? ' ASC' : ' DESC');
  }

  /** The same, with DESC behind the last column: those before it stay ascending. */
  orderByDESC(columns: readonly string[]): this {
    return this.#order('orderByDESC', columns, ' DESC');
  }

  /** At most so many rows; 0 is no limit. */
  limit(limit: number | string): this {
    return this.change({ limit: wholeNumber('limit', limit) });
  }

  /** Rows that are passed over. Nothing without a limit, and in a SELECT only. */
  offset(offset: number | string): this {
    return this.change({ offset: wholeNumber('offset', offset) });
  }

  /** LIMIT and OFFSET of a page, which counts from 1; 0 takes both away. */
  page(page: number | string): this {
    const { paging } = this.state;
    const number = wholeNumber('page', page);
    return this.change(
      number === 0 ? { limit: 0, offset: 0 } : { limit: paging, offset: paging * (number - 1) },
    );
  }

  /** How many rows the {@link page} has that is called next; 10 by default. */
  setPaging(paging: number | string): this {
    return this.change({ paging: wholeNumber('setPaging', paging) });
  }

  getPaging(): number {
    return this.state.paging;
  }

  /** SELECT … FOR UPDATE. Not in SQLite. */
  forUpdate(enable = true): this {
    return this.change({ forUpdate: enable });
  }

  /** Values of parameters: an object by name, with or without the colon, or an array for the `?` of the statement. */
  bindValues(values: ListOrMap<unknown>): this {
    return this.change({ bindings: [...this.state.bindings, ...bindingsOf('bindValues', values)] });
  }

  /** The value of `:name`, or by its place, which counts from 1, of a `?`, unless a condition has a value for it. */
  bindValue(name: string | number, value: unknown): this {
    return this.change({ bindings: [...this.state.bindings, [bindingKey('bindValue', name), value]] });
  }

  #conditions(
    call: 'where' | 'orWhere',
    word: 'AND' | 'OR',
    condition: string | ListOrMap<unknown>,
    values: readonly unknown[],
  ): Conditions {
    const { where } = this.state;
    if (typeof condition === 'string') return this.#joined(call, word, where, condition, values);
    return entriesOf(call, condition).reduce(
      (joined, [key, value]) =>
        key === undefined
          ? this.#joined(call, word, joined, value, [])
          : this.#joined(call, word, joined, key, [value]),
      where,
    );
  }

  #joined(
    call: string,
    word: 'AND' | 'OR',
    before: Conditions,
    condition: unknown,
    values: readonly unknown[],
  ): Conditions {
    const text = quoteNamesIn(checkText(call, 'a condition', condition), this.runner.dialect);
    // one that is left out by mistake would be a statement on every row
    if (trim(text) === '') throw sqlError(`${call} was given an empty condition.`);
    return {
      text: before.text === '' ? text : `${before.text} ${word} ${text}`,
      values: values.length === 0 ? before.values : [...before.values, ...values],
    };
  }

  #order(call: string, columns: readonly string[], direction: StatementState['direction']): this {
    return this.change({ orderBy: [...this.state.orderBy, ...this.#quoted(call, columns)], direction });
  }

  #quoted(call: string, columns: readonly string[]): string[] {
    if (!Array.isArray(columns)) {
      throw sqlError(`${call} was given ${kindOf(columns)}; expected an array of columns.`);
    }
    return columns.map((column) => quoteNamesIn(checkText(call, 'a column', column), this.runner.dialect));
  }
}
