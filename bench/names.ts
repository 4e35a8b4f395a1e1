import { scenarios } from './end-to-end.js';
import { suites } from './micro/run-micro.js';

/* What `npm run bench` can be asked for, by name. */

/** Characters of a terminal's line. */
const WIDTH = 80;

/** Groups, each with the names of its parts. A plain run leaves out those with an asterisk. */
const groups = [
  {
    name: 'end-to-end',
    parts: scenarios.map(({ name, fullOnly }) => ({ name, shown: fullOnly ? `${name}*` : name })),
  },
  {
    name: 'micro',
    parts: suites.map(({ name, namedOnly = false }) => ({ name, shown: namedOnly ? `${name}**` : name })),
  },
];

export const known: ReadonlySet<string> = new Set(
  groups.flatMap(({ name, parts }) => [name, ...parts.map((part) => part.name)]),
);

/** All names, for a reader. */
export const listOfNames = [
  ...groups.flatMap(({ name, parts }) => [
    `${name}: all of`,
    wrapped(
      parts.map(({ shown }) => shown),
      '  ',
    ),
  ]),
  '* only when named or with --full',
  '** only when named by itself: it needs a database, by DATABASE_URL',
].join('\n');

function wrapped(words: readonly string[], indent: string): string {
  const lines: string[] = [];
  let line = indent + words[0];
  for (const word of words.slice(1)) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent + word;
    } else line += ` ${word}`;
  }
  return [...lines, line].join('\n');
}
