import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serverText, statementText } from '#src/database/private-text.js';

describe('a statement, for the log', () => {
  const cases = [
    ["SELECT * FROM t WHERE name = 'ann' AND n > 12.5e3", 'SELECT * FROM t WHERE name = ? AND n > ?'],
    ['INSERT INTO `t 1` VALUES (?, :name, 0xff, -7)', 'INSERT INTO `t 1` VALUES (?, :name, ?, -?)'],
    ["SELECT 'it''s', 'a \\' b' -- secret\n, t1.c2 FROM t1", 'SELECT ?, ? , t1.c2 FROM t1'],
    ["SELECT /* secret */ 1, 'never ends", 'SELECT ?, ?'],
    ['SELECT "text" FROM t', 'SELECT ? FROM t'],
  ] as const;
  for (const [sql, text] of cases) {
    it(text, () => assert.equal(statementText(sql, 'mysql'), text));
  }

  it('has quoted names in it, where a quote is that of names', () => {
    assert.equal(statementText('SELECT "a" FROM [b c]', 'sqlite'), 'SELECT "a" FROM [b c]');
  });

  it('is cut', () => {
    assert.equal(statementText(`SELECT ${'a, '.repeat(1000)}`, 'mysql').length, 501);
  });
});

describe("a server's message, for the log", () => {
  const cases = [
    [1062, "Duplicate entry 'it's private' for key 'uk_name'", "Duplicate entry '?' for key 'uk_name'"],
    [
      1366,
      "Incorrect integer value: 'private' for column `vec`.`t`.`n` at row 1",
      "Incorrect integer value: '?' for column `vec`.`t`.`n` at row 1",
    ],
    [1064, "an error near 'private's ' at line 1", "an error near '?' at line 1"],
    [1146, "Table 'vec.t' doesn't exist", "Table 'vec.t' doesn't exist"],
    [1292, "Truncated incorrect DOUBLE value: 'private'", "Truncated incorrect DOUBLE value: '?'"],
  ] as const;
  for (const [number, message, text] of cases) {
    it(text, () => assert.equal(serverText(message, number), text));
  }
});
