import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assert as check, array, constantFrom, property, string } from 'fast-check';
import { type Parameters, bindParameters } from '#src/database/builder/parameters.js';

const bound = (sql: string, parameters?: Parameters) => bindParameters(sql, parameters, 'mysql');
const sqlError = (message: RegExp) => ({ code: 'GW_SQL', message });

describe('parameters of a statement', () => {
  it('are ? with an array, :name with an object, with or without colons, and both at once', () => {
    assert.deepEqual(bound('SELECT ?, ?', [5, 'x']), { sql: 'SELECT ?, ?', values: [5, 'x'] });
    assert.deepEqual(bound('a = :a AND b=:b_2', { a: 1, ':b_2': 2 }), {
      sql: 'a = ? AND b=?',
      values: [1, 2],
    });
    assert.deepEqual(bound(':a ? :名 ? :a', { 名: 'n', 1: 'one', a: 'a', 2: 'two' }), {
      sql: '? ? ? ? ?',
      values: ['a', 'one', 'n', 'two', 'a'],
    });
    assert.deepEqual(bound('SELECT 1'), { sql: 'SELECT 1', values: [] });
  });

  const untouched: [what: string, sql: string][] = [
    ['a literal', `'? :a' "? :a"`],
    ['doubled quotes', `'it''s ? :a' "say ""? :a"""`],
    ['quotes behind a backslash', String.raw`'it\'s ? :a' "\"? :a\\"`],
    ['a quoted name', '`? :a`` :b`'],
    ['comments', '/* ? :a */ -- ? :a\n # ? :a\n -- ?'],
    ['a hint', '/*+ ? :a */'],
    ['what has a colon', '@x := 1, a::text, :1, :'],
  ];
  for (const [what, sql] of untouched) {
    it(`are not in ${what}`, () => {
      assert.deepEqual(bound(`${sql}\n`), { sql: `${sql}\n`, values: [] });
      assert.deepEqual(bound(`${sql}\n ?`, [7]), { sql: `${sql}\n ?`, values: [7] });
    });
  }

  it('are in what MySQL runs though it looks like a comment', () => {
    assert.deepEqual(bound('/*!50000 ? */ /*M! :a */ 5--?', { 1: 1, a: 2, 2: 3 }).values, [1, 2, 3]);
  });

  it('are told in SQLite by its rules: no backslash, no #, any --, and brackets', () => {
    const sql = String.raw`'\' ? [?] # ? -- ?`;
    assert.deepEqual(bindParameters(sql, [1, 2], 'sqlite'), { sql, values: [1, 2] });
    assert.deepEqual(bindParameters('5--?', [], 'sqlite').values, []);
  });

  it('and values have to fit', () => {
    assert.throws(() => bound('?, :a, :b', { a: 1 }), sqlError(/: \?, :b has none/));
    assert.throws(() => bound('?', [1, 2]), sqlError(/for the 2\. \?, of which the statement has 1/));
    assert.throws(() => bound(':a', { a: 1, b: 2 }), sqlError(/no parameter :b/));
    assert.throws(() => bound(':a', { 0: 1 }), sqlError(/a place, which counts from 1/));
    assert.throws(() => bound(':a', { ':': 1 }), sqlError(/expected a name/));
    assert.throws(
      () => bound(':a', 'secret' as never),
      sqlError(/given a value of type string; expected an array/),
    );
  });

  const refused: [value: unknown, message: RegExp][] = [
    [undefined, /undefined; null stands for NULL/],
    [NaN, /not finite/],
    [new Date(NaN), /without a time/],
    [[1], /is an array/],
    [{ secret: 1 }, /is a value of type object/],
    [() => 1, /is a value of type function/],
    [Symbol('secret'), /is a value of type symbol/],
  ];
  for (const [value, message] of refused) {
    it(`take no value such as ${String(message)}`, () => {
      assert.throws(() => bound(':a', { a: value }), sqlError(message));
      assert.throws(
        () => bound('?', [value]),
        (error: Error) => !error.message.includes('secret'),
      );
    });
  }

  it('take true as 1, false as 0, and other values as they are', () => {
    const [date, bytes] = [new Date(0), Uint8Array.of(1)];
    assert.deepEqual(bound('?????????', [true, false, null, '', 1.5, 2n ** 64n, date, bytes, -0]).values, [
      1,
      0,
      null,
      '',
      1.5,
      2n ** 64n,
      date,
      bytes,
      -0,
    ]);
  });

  it('are found between any literals and comments, and nothing in those is', () => {
    const piece = constantFrom(
      ...[`'`, `"`, '`'].map(
        (quote) => (text: string) => quote + text.replaceAll(/[\\'"`]/g, '$&$&') + quote,
      ),
      (text: string) => `/*${text.replaceAll('*/', '')}x*/`,
      (text: string) => `-- ${text.replaceAll('\n', '')}\n`,
    );
    const inside = array(constantFrom('?', ':a', "'", '"', '`', '\\', '-- ', '#', ' x ', '*', '\n')).map(
      (texts) => texts.join(''),
    );
    check(
      property(
        array(piece, { maxLength: 6 }),
        array(inside, { minLength: 6, maxLength: 6 }),
        (pieces, texts) => {
          const quoted = pieces.map((quote, index) => quote(texts[index]));
          const sql = `? ${quoted.join(' ? ')} ?`;
          const marks = pieces.length === 0 ? 2 : pieces.length + 1;
          const values = Array.from({ length: marks }, (_, index) => index);
          assert.deepEqual(bound(sql, values), { sql, values });
        },
      ),
    );
  });

  it('are looked for in any text in time, and refuse it or leave it as it is', () => {
    check(
      property(string({ unit: 'binary', maxLength: 200 }), (text) => {
        const sql = text.replaceAll(/[?:]/g, '');
        assert.equal(bound(sql).sql, sql);
        assert.equal(bindParameters(sql, [], 'sqlite').sql, sql);
      }),
    );
  });
});
