import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assert as check, array, constantFrom, property, string } from 'fast-check';
import type { StatementBuilder } from '#src/database/builder/builder.js';
import type { CompiledStatement } from '#src/database/builder/statement.js';
import { attempt, emptyBuilder } from './recorded-chain.js';

/** What somebody might try, and anything. */
const hostile = array(
  constantFrom(
    '`',
    '``',
    "'",
    '"',
    ' ',
    '.',
    ' AS ',
    ' as ',
    ')',
    '(',
    ',',
    '--',
    '/*',
    '*/',
    '#',
    ';',
    '\\',
    '?',
    ':a',
    'x',
    'é',
    '\0',
    '\n',
    '=',
  ),
  { minLength: 1, maxLength: 12 },
).map((pieces) => pieces.join(''));
const anything = string({ unit: 'binary', minLength: 1, maxLength: 20 });

/** What the place of a name may hold: names in quotes, and what stands between them. */
const NAMES = /^(?:\*|`(?:[^`\0]|``)+`)(?:(?: AS | |\.)(?:\*|`(?:[^`\0]|``)+`))*$/;
const COLUMN = /^(?:\*|`(?:[^`\0]|``)+`)(?:\.(?:\*|`(?:[^`\0]|``)+`))*$/;
const NAME = /^(?:\*|`(?:[^`\0]|``)+`)$/;
const NAME_OR_WORD = /^(?:\*|`(?:[^`\0]|``)+`|[\p{L}_][\p{L}\p{N}_$]*)$/u;

const db = emptyBuilder();
/** A statement with a name in it; the text around the name; what the name has to be. */
type Place = [make: (name: string) => StatementBuilder<unknown>, before: string, after: string, RegExp];
const places: Record<string, Place> = {
  from: [(name) => db.select('a').from(name), 'SELECT a FROM ', '', NAMES],
  into: [(name) => db.insert('t').into(name).set('a', 1), 'INSERT INTO ', ' ( `a`) VALUES ( 1)', NAMES],
  insert: [(name) => db.insert(name).set('a', 1), 'INSERT INTO ', ' ( `a`) VALUES ( 1)', NAMES],
  update: [(name) => db.update(name).set('a', 1), 'UPDATE ', ' SET `a` = 1', NAMES],
  table: [(name) => db.update('t').table(name).set('a', 1), 'UPDATE ', ' SET `a` = 1', NAMES],
  delete: [(name) => db.delete(name), 'DELETE FROM ', '', NAMES],
  join: [(name) => db.select('a').from('t').join(name), 'SELECT a FROM `t` JOIN ', '', NAMES],
  leftJoin: [
    (name) => db.select('a').from('t').leftJoin(name, 'x = 1'),
    'SELECT a FROM `t` LEFT JOIN ',
    ' ON x = 1',
    NAMES,
  ],
  fromSubSelect: [
    (name) => db.select('a').fromSubSelect('SELECT 1', name),
    'SELECT a FROM (SELECT 1) AS ',
    '',
    NAME,
  ],
  joinSubSelect: [
    (name) => db.select('a').from('t').joinSubSelect('left', 'SELECT 1', name, 'x = 1'),
    'SELECT a FROM `t` LEFT JOIN (SELECT 1) AS ',
    ' ON x = 1',
    NAME,
  ],
  set: [(name) => db.update('t').set(name, 1), 'UPDATE `t` SET ', ' = 1', COLUMN],
  cols: [(name) => db.update('t').cols({ [name]: 1 }), 'UPDATE `t` SET ', ' = ?', COLUMN],
  col: [(name) => db.update('t').col(name, 1), 'UPDATE `t` SET ', ' = ?', COLUMN],
  alias: [(name) => db.select({ a: name }).from('t'), 'SELECT a AS ', ' FROM `t`', NAME],
  'alias of a function': [
    (name) => db.select({ 'f(a)': name }).from('t'),
    'SELECT f(a) AS ',
    ' FROM `t`',
    NAME_OR_WORD,
  ],
};

function holds(name: string, [make, before, after, shape]: Place): void {
  const compiled = attempt((): CompiledStatement => make(name).compile());
  if (compiled instanceof Error) {
    assert.equal((compiled as { code?: unknown }).code, 'GW_SQL', compiled.stack);
    return;
  }
  const { sql } = compiled;
  assert.ok(sql.startsWith(before) && sql.endsWith(after), sql);
  assert.match(sql.slice(before.length, sql.length - after.length), shape);
}

describe('names', () => {
  for (const [place, inPlace] of Object.entries(places)) {
    it(`cannot break out of their quotes: ${place}`, () => {
      check(
        property(hostile, (name) => holds(name, inPlace)),
        { numRuns: 500 },
      );
      check(
        property(anything, (name) => holds(name, inPlace)),
        { numRuns: 200 },
      );
    });
  }

  it('have their backticks doubled, and keep quotes that they have', () => {
    assert.equal(db.quoteName('a`b'), '`a``b`');
    assert.equal(db.quoteName('users` WHERE 1=1'), '`users``` `WHERE` `1=1`');
    assert.equal(db.quoteName('`a``b`'), '`a``b`');
    assert.equal(db.quoteName('`my db`.`t.x` AS `u`'), '`my db`.`t.x` AS `u`');
    assert.equal(db.quoteName('`a`,(SELECT 1)`b`'), '```a``,(SELECT` `1)``b```');
  });

  it('are refused when they are empty, or have a NUL', () => {
    for (const name of ['', ' ', 't.', '\0', 'a\0b']) {
      assert.throws(() => db.from(name), { code: 'GW_SQL', message: /name of a table or column/ });
    }
    for (const name of [null, undefined, {}, ['t'], true]) {
      assert.throws(() => db.from(name as never), {
        code: 'GW_SQL',
        message: /from was given .*expected a string/,
      });
    }
  });

  it('may be long', () => {
    assert.equal(db.quoteName('a.'.repeat(2000) + 'b').length, 2000 * 4 + 3);
  });
});

describe('expressions', () => {
  const unchanged = [
    `a = 'x''y.z' OR b = '' OR c = 'p.q'`,
    String.raw`a = 'it\'s x.y'`,
    "c = 'one\n two AS three'",
    '`t.a` = 1 AND `a``b.c` = 2',
    '/* t.a */ x',
    '@@session.sql_mode = @my.var',
  ];
  for (const text of unchanged) {
    it(`keep what is in a literal, a name, a comment or a variable: ${text}`, () => {
      assert.equal(db.quoteNamesIn(text), text);
    });
  }

  it('keep literals whatever is around them', () => {
    const literal = array(constantFrom("''", '.', 'a', ' ', ' AS ', '"', 'x.y', '\n', '\\\\')).map(
      (pieces) => `'${pieces.join('')}'`,
    );
    check(
      property(array(literal, { minLength: 1, maxLength: 4 }), (literals) => {
        const quoted = db.quoteNamesIn(literals.map((text) => `t.a = ${text}`).join(' AND '));
        let from = 0;
        for (const text of literals) {
          const at = quoted.indexOf(`= ${text}`, from);
          assert.notEqual(at, -1, quoted);
          from = at + text.length;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
