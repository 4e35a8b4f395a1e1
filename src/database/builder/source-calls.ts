import { ClauseCalls } from './clause-calls.js';
import { checkText, quoteIdentifier, quoteName, quoteNamesIn, trimEnd, trimStart } from './identifiers.js';
import type { SqlPart } from './parameters.js';
import { kindOf, sqlError } from './statement.js';

/** Another builder, or the text of its SELECT. */
export type SubSelect = string | { readonly asSubSelect: () => readonly SqlPart[] };

const JOIN_TYPE = /^[ ]*(?:(?:INNER|LEFT|RIGHT|FULL|OUTER|CROSS|NATURAL)[ ]*)*$/i;

/**
 * Tables, and joins to the one that was named last. A table is `name`, `db.name`, `name alias` or `name AS alias`, all of it
 * quoted. A join's condition is SQL, with or without ON or USING. All throw GW_SQL for arguments that cannot be used, and
 * joins before any table.
 */
export abstract class SourceCalls extends ClauseCalls {
  /** FROM, behind the tables that are there already. */
  from(table: string): this {
    return this.#from([quoteName(checkText('from', 'a table', table))]);
  }

  /** The same, of which nothing is quoted: SQL. */
  fromRaw(sql: string): this {
    return this.#from([checkText('fromRaw', 'SQL', sql)]);
  }

  /** `FROM (SELECT …) AS name`. A builder brings its values. */
  fromSubSelect(select: SubSelect, name: string): this {
    return this.#from(subSelectParts('fromSubSelect', '', select, name));
  }

  /** `type JOIN table ON condition`, of which the type is none, or the words before JOIN: 'left', 'natural'. */
  join(table: string, condition: string | null = null, type = ''): this {
    return this.#join('join', type, table, condition);
  }

  innerJoin(table: string, condition: string | null = null): this {
    return this.#join('innerJoin', 'INNER', table, condition);
  }

  leftJoin(table: string, condition: string | null = null): this {
    return this.#join('leftJoin', 'LEFT', table, condition);
  }

  rightJoin(table: string, condition: string | null = null): this {
    return this.#join('rightJoin', 'RIGHT', table, condition);
  }

  /** `type JOIN (SELECT …) AS name ON condition`. A builder brings its values. */
  joinSubSelect(type: string, select: SubSelect, name: string, condition: string | null = null): this {
    const words = joinWords('joinSubSelect', type);
    const parts = subSelectParts('joinSubSelect', ` ${words} `, select, name);
    return this.#addJoin('joinSubSelect', [...parts, this.#joinCondition('joinSubSelect', condition)]);
  }

  #from(table: readonly SqlPart[]): this {
    return this.change({ from: [...this.state.from, table] });
  }

  #join(call: string, type: string, table: string, condition: string | null): this {
    const name = quoteName(checkText(call, 'a table', table));
    return this.#addJoin(call, [` ${joinWords(call, type)} ${name}${this.#joinCondition(call, condition)}`]);
  }

  #addJoin(call: string, join: readonly SqlPart[]): this {
    const { from } = this.state;
    const last = from.at(-1);
    if (last === undefined) throw sqlError(`${call} comes before from(): there is no table to join to.`);
    return this.change({ from: [...from.slice(0, -1), [...last, ...join]] });
  }

  /** With a space before it. As in PHP, '0' is none. */
  #joinCondition(call: string, condition: string | null): string {
    if (condition === null || condition === '' || condition === '0') return '';
    const text = trimEnd(quoteNamesIn(checkText(call, 'a condition', condition), this.runner.dialect));
    if (text === '') return '';
    return /^(?:ON|USING)[ (]/i.test(trimStart(text)) ? ` ${text}` : ` ON ${text}`;
  }
}

function joinWords(call: string, type: string): string {
  const text = checkText(call, 'the type of a join', type);
  if (JOIN_TYPE.test(text)) return trimStart(`${text} JOIN`).toUpperCase();
  throw sqlError(`${call} knows no such type of join; expected words such as 'left', 'cross' or 'natural'.`);
}

/** In brackets, with its name behind it. */
function subSelectParts(call: string, before: string, select: SubSelect, name: string): SqlPart[] {
  const alias = quoteIdentifier(checkText(call, 'a name', name));
  if (typeof select === 'string') return [`${before}(${select}) AS ${alias}`];
  if (typeof select !== 'object' || select === null || !('asSubSelect' in select)) {
    throw sqlError(`${call} was given ${kindOf(select)}; expected a builder or the text of a SELECT.`);
  }
  return [`${before}(`, ...select.asSubSelect(), `) AS ${alias}`];
}
