import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './package-project.js';

/** A piece of code in a document. */
export interface Sample {
  readonly document: string;
  /** Of its first line. */
  readonly line: number;
  /** `ts`, `jsonc` … */
  readonly language: string;
  readonly code: string;
}

/** README.md, README.zh-CN.md and docs/*.md, from the repository's root. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  'README.zh-CN.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

export function readDocument(document: string): string {
  return readFileSync(join(ROOT, document), 'utf8');
}

/** Every sample in these languages. */
export function samplesIn(...languages: readonly string[]): Sample[] {
  return DOCUMENTS.flatMap((document) => {
    const text = readDocument(document);
    return [...text.matchAll(/^```([a-z]+)\n([^]*?)^```$/gm)]
      .filter(([, language]) => languages.includes(language))
      .map(({ index, 1: language, 2: code }) => ({
        document,
        line: text.slice(0, index).split('\n').length + 1,
        language,
        code,
      }));
  });
}
