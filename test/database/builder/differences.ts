/**
 * Recorded chains that do not come out as in PHP, each with its reason. All others are equal: the text, each value at its
 * parameter, what calls return, and which call is refused.
 */
export interface Difference {
  readonly reason: string;
  /** Our text. */
  readonly sql?: string;
  /** Ours does not get a text: what the error says. */
  readonly refused?: RegExp;
  /** The text is the same, and does not get as far as the driver: what the error says. */
  readonly notRun?: RegExp;
  /** Our values, in the order of the parameters. */
  readonly values?: readonly unknown[];
  /** What our calls return instead. */
  readonly returns?: readonly (readonly [call: number, value: unknown])[];
  /** Calls that ours has not, or not with arguments; the chain is not replayed. */
  readonly absent?: true;
}

export const DIFFERENCES: Readonly<Record<string, Difference>> = {
  // broken SQL
  'select distinct in text': {
    reason: 'PHP takes the column for an alias of DISTINCT',
    sql: 'SELECT DISTINCT name FROM `users`',
  },
  'select empty string': { reason: 'no column: broken SQL', refused: /column of the SELECT is empty/ },
  'from empty': { reason: 'no table: broken SQL', refused: /name .* is empty/ },
  'fromSubSelect builder with union': {
    reason: 'an alias is one name, in which a dot separates nothing',
    sql: 'SELECT * FROM (SELECT id FROM `a` UNION SELECT id FROM `b`) AS `s.t`',
  },
  'join ON with bracket': {
    reason: 'ON twice: broken SQL',
    sql: 'SELECT * FROM `a` JOIN `b` ON(`a`.`id` = `b`.`id`)',
  },
  'join USING without space': { reason: 'ON USING: broken SQL', sql: 'SELECT * FROM `a` JOIN `b` USING(id)' },
  'delete join': { reason: 'broken SQL: a DELETE with a join names its tables first', refused: /one table/ },
  'delete and from': { reason: 'broken SQL: a DELETE from several tables has USING', refused: /one table/ },
  'where empty string': { reason: 'broken SQL', refused: /empty condition/ },
  'where empty string then another': { reason: 'broken SQL', refused: /empty condition/ },
  'limit negative': { reason: 'broken SQL', refused: /limit was given .* no whole number/ },
  'union resets flags, order, limit, forUpdate': {
    reason: 'broken SQL: ORDER BY and LIMIT come after the last SELECT',
    refused: /last SELECT of a UNION/,
  },
  'union then update': { reason: 'broken SQL', refused: /UPDATE cannot follow a UNION/ },
  'flags all': {
    reason: 'broken SQL: words that a SELECT does not take',
    refused: /SELECT takes no LOW_PRIORITY/,
  },
  'flags in insert delayed': { reason: 'broken SQL: two priorities', refused: /INSERT takes one of/ },
  'insert set': { reason: "broken SQL: set('d', '') leaves nothing to set", refused: /empty expression/ },
  'insert unicode column': {
    reason: 'PHP takes what is behind a space in a column for an alias',
    sql: 'INSERT INTO `用户` ( `名字`,`a b`) VALUES ( :名字,:a b)',
  },
  'error insert without cols on a fresh object': {
    reason: 'PHP has an error on a fresh object, and after a query inserts a row of defaults',
    sql: 'INSERT INTO `t` ( ) VALUES ( )',
  },
  'update set literals': {
    reason: 'false is nothing in PHP: broken SQL',
    sql: "UPDATE `t` SET `a` = 'x.y',`b` = '',`c` = 1,`d` = 0,`e` = 1.5,`f` = 0",
  },
  'update without cols on a fresh object': { reason: 'broken SQL', refused: /sets no column/ },
  'update without cols after a query': { reason: 'broken SQL', refused: /sets no column/ },

  // columns that PHP loses
  'select numeric alias is lost': {
    reason: 'PHP loses an alias that is a number',
    sql: 'SELECT a AS `5`,b AS `3`,c FROM `t`',
  },
  'select numeric alias replaces a column': {
    reason: 'PHP loses a column to an alias that is a number',
    sql: 'SELECT a,b AS `0` FROM `t`',
  },

  // values
  'fromSubSelect builder': {
    reason: 'PHP drops the values of a builder in brackets, and its statement fails',
    values: [1, 2],
  },
  'joinSubSelect builder': {
    reason: 'PHP drops the values of a builder in brackets, and its statement fails',
    values: [3, 4],
  },
  'union where and having values out of order': {
    reason: 'PHP binds values of HAVING behind those of all WHEREs',
    values: ['w1', 'h1', 'w2', 'h2'],
  },
  'where value types': {
    reason: 'PHP binds false as an empty text, ours as 0',
    values: [1, 0, 1.5, null, ''],
  },
  'where value array': {
    reason: 'PHP binds the word Array, and finds nothing',
    notRun: /the 1\. \? is an array/,
  },
  'insert value types': { reason: 'PHP binds the word Array', notRun: /:f is an array/ },
  'bindValue with colon': {
    reason: 'PHP binds "::a" and fails; the colon may be left out or not',
    values: [1],
  },
  'bindValues list starts at 0': { reason: 'PHP binds to place 0 and fails', values: [5, 6] },
  'query raw list starts at 0': {
    reason: 'PHP binds to place 0 and fails; a JavaScript array has no other beginning',
    values: [5, 6],
  },
  'update where name equal to a column': {
    reason: 'PDO refuses a name that is there twice; ours does where it would be one value for two things',
    notRun: /:a is the value of a column/,
  },

  // quotes
  'where unicode': {
    reason: 'PHP quotes the half of a name with letters beyond ASCII',
    sql: 'SELECT * FROM `用户` WHERE 用户.名字 = ? AND éa.b = ? AND ü.x = 1',
  },
  'quoteName plain and dotted': { reason: 'an empty name is refused', refused: /name .* is empty/ },
  'quoteName functions and quotes': {
    reason: 'a name that is quoted stays, and a backtick in a name is doubled',
    returns: [
      [2, '`t`'],
      [3, '`t`.`c`'],
    ],
  },
  'quoteNamesIn dotted': {
    reason: 'a variable is left alone, and a $ belongs to a name',
    returns: [
      [15, 'mail = me@x.com'],
      [18, 'a.b$c.d'],
    ],
  },
  'quoteNamesIn alias': { reason: 'an alias is one name', returns: [[6, "'a' AS `b.c`"]] },
  'quoteNamesIn backticks': { reason: 'a quoted name is left alone', returns: [[0, '`t.a`']] },
  'quoteNamesIn unicode': {
    reason: 'PHP quotes the half of a name with letters beyond ASCII',
    returns: [
      [6, 'a.bé'],
      [7, 'éa.b'],
    ],
  },
  'quoteName null': { reason: 'no name', refused: /given null as a name/ },
  'quoteNamesIn null': { reason: 'no expression', refused: /given null as an expression/ },

  // each chain is begun anew, and has no more than its own state
  'type stays delete after a query': {
    reason: 'nothing stays from the chain before: ours does not delete by itself',
    refused: /does nothing yet/,
  },
  'bind and bindMore are lost': {
    reason: 'they do nothing in PHP: bindValue and bindValues do',
    absent: true,
  },
  'getBindValues variants': { reason: 'getBindValues knows what the statement is', absent: true },
  'query built with given parameters': {
    reason: 'bindValues binds: endings take no arguments',
    absent: true,
  },
  'query raw blank builds': { reason: 'no lastSQL: many handlers share the pool', absent: true },
  'row, column, single raw': {
    reason: 'no lastSQL; and PDO refuses a value that no parameter takes',
    absent: true,
  },
  'column built with union': { reason: 'no lastSQL', absent: true },
  setLastInsertIdNames: { reason: 'sequences, which neither MySQL nor SQLite has', absent: true },
};
