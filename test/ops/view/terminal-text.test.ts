import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { painter, table } from '#src/ops/view/table.js';
import { fit, printable, width, wrap } from '#src/ops/view/terminal-text.js';

describe('text for a terminal', () => {
  it('has a width in columns', () => {
    assert.deepEqual(
      ['', 'abc', '用户1', 'é', 'e\u0301', 'ｆ', '😀', '한글', '–'].map(width),
      [0, 3, 5, 1, 1, 2, 2, 4, 1],
    );
  });

  it('cannot take the terminal over', () => {
    assert.equal(printable('a\u001b[2Jb\r\nc\u0007\u009b'), 'a\\x1b[2Jb\\x0d\\x0ac\\x07\\x9b');
    assert.equal(printable('left \u202eright'), 'left \\u202eright');
    assert.equal(printable('聊天室 😀'), '聊天室 😀');
  });

  it('is cut where it does not fit', () => {
    assert.equal(fit('abcdef', 6), 'abcdef');
    assert.equal(fit('abcdefg', 6), 'abcde…');
    assert.equal(fit('聊天室聊天室', 6), '聊天…');
    assert.equal(fit('聊天室聊天室', 6).length, 3);
  });

  it('breaks between words', () => {
    assert.deepEqual(wrap('one two three', 8), ['one two', 'three']);
    assert.deepEqual(wrap('/a/path/longer/than/that is', 8), ['/a/path/longer/than/that', 'is']);
  });
});

describe('a table', () => {
  const columns = [
    { title: 'name', cell: ({ name }: { name: string }) => name, limit: 8 },
    { title: 'n', align: 'right' as const, cell: ({ n }: { n: number }) => String(n) },
    { title: 'note', cell: () => 'x' },
  ];

  it('is aligned by columns, not by characters', () => {
    const lines = table(
      columns,
      [
        { name: '用户', n: 5 },
        { name: 'averylongname', n: 12_345 },
      ],
      painter(false),
    );
    assert.deepEqual(lines, ['name          n  note', '用户          5  x', 'averylo…  12345  x']);
  });

  it('is aligned before it is coloured', () => {
    const [, line] = table(
      [{ ...columns[1], style: () => 'red' as const }],
      [{ name: '', n: 7 }],
      painter(true),
    );
    assert.equal(line, '\u001b[31m7\u001b[39m');
  });
});
