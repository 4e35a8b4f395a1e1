import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The absolute path of a file in test/fixtures; this file runs from dist-test/support. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../test/fixtures/${name}`, import.meta.url));
}

/** The rows of a .jsonl fixture. The caller says what a row is; nothing checks it. */
export function fixtureLines<Row>(name: string): Row[] {
  return readFileSync(fixture(name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Row => JSON.parse(line));
}
