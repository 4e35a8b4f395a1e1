import type { Flag } from './flags.js';
import type { StatementState } from './state.js';
import type { StatementRunner } from './statement.js';

/**
 * Calls that set or take back a word behind SELECT, INSERT, UPDATE or DELETE, in the order of the calls. One that the
 * statement does not take is refused when it runs. SQLite goes without those that only ask for speed or priority.
 */
export abstract class FlagCalls {
  protected readonly runner: StatementRunner;
  readonly #state: StatementState;

  constructor(runner: StatementRunner, state: StatementState) {
    this.runner = runner;
    this.#state = state;
  }

  // a builder that is logged shows no values
  protected get state(): StatementState {
    return this.#state;
  }

  /** A new builder, which differs in this. */
  protected abstract change(change: Partial<StatementState>): this;

  /** SELECT DISTINCT. */
  distinct(enable = true): this {
    return this.#flag('DISTINCT', enable);
  }

  /** SELECT SQL_CALC_FOUND_ROWS, for SELECT FOUND_ROWS() on the same connection. Not in SQLite. */
  calcFoundRows(enable = true): this {
    return this.#flag('SQL_CALC_FOUND_ROWS', enable);
  }

  /** SELECT SQL_CACHE. */
  cache(enable = true): this {
    return this.#flag('SQL_CACHE', enable);
  }

  /** SELECT SQL_NO_CACHE. */
  noCache(enable = true): this {
    return this.#flag('SQL_NO_CACHE', enable);
  }

  /** SELECT STRAIGHT_JOIN. */
  straightJoin(enable = true): this {
    return this.#flag('STRAIGHT_JOIN', enable);
  }

  /** SELECT or INSERT HIGH_PRIORITY. */
  highPriority(enable = true): this {
    return this.#flag('HIGH_PRIORITY', enable);
  }

  /** SELECT SQL_SMALL_RESULT. */
  smallResult(enable = true): this {
    return this.#flag('SQL_SMALL_RESULT', enable);
  }

  /** SELECT SQL_BIG_RESULT. */
  bigResult(enable = true): this {
    return this.#flag('SQL_BIG_RESULT', enable);
  }

  /** SELECT SQL_BUFFER_RESULT. */
  bufferResult(enable = true): this {
    return this.#flag('SQL_BUFFER_RESULT', enable);
  }

  /** INSERT, UPDATE or DELETE LOW_PRIORITY. */
  lowPriority(enable = true): this {
    return this.#flag('LOW_PRIORITY', enable);
  }

  /** INSERT, UPDATE or DELETE IGNORE; in SQLite, INSERT and UPDATE OR IGNORE. */
  ignore(enable = true): this {
    return this.#flag('IGNORE', enable);
  }

  /** DELETE QUICK. */
  quick(enable = true): this {
    return this.#flag('QUICK', enable);
  }

  /** INSERT DELAYED. */
  delayed(enable = true): this {
    return this.#flag('DELAYED', enable);
  }

  #flag(flag: Flag, enable: boolean): this {
    const { flags } = this.state;
    if (!enable) return this.change({ flags: flags.filter((other) => other !== flag) });
    return flags.includes(flag) ? this : this.change({ flags: [...flags, flag] });
  }
}
