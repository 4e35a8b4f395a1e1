import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONCURRENCY, runTests } from './support/run-tests.js';

/*
 * `npm test`: every *.test.js of this build but those in php/, which have a runner of their own, and those that install
 * packages, which are `npm run test:package`. Arguments name the files to run instead, by any part of their path:
 * `npm test -- wire`.
 *
 * Those that put a load on a node, or measure, run one at a time; the others beside one another.
 */

const ALONE = [
  'chaos/',
  'federation/kill',
  'federation/pause',
  'federation/large-messages',
  'ring/stress',
  'node/backpressure',
  'node/slow-client',
  'link/ring-sender',
];

/** They install packages from the registry, which takes its time. */
const INSTALLING = ['package/package', 'package/git-install', 'project/templates'];

const folder = fileURLToPath(new URL('.', import.meta.url));
const [installing, wanted] = [process.argv[2] === '--package', process.argv.slice(2)];
const isOf = (parts: readonly string[], file: string): boolean => parts.some((part) => file.startsWith(part));
const isWanted = (file: string): boolean =>
  installing || wanted.length === 0
    ? isOf(INSTALLING, file) === installing
    : wanted.some((part) => file.includes(part));
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.js') && !file.startsWith('php/'))
  .filter(isWanted)
  .toSorted();

if (files.length === 0) {
  process.stderr.write(`no test file's path contains ${wanted.join(' or ')}\n`);
  process.exit(2);
}

const [alone, together] = [true, false].map((is) =>
  files.filter((file) => isOf(ALONE, file) === is).map((file) => join(folder, file)),
);
const statuses = [runTests(together, CONCURRENCY), runTests(alone, 1)];
process.exit(Math.max(...statuses));
