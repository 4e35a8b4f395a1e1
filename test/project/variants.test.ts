import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { transformSync } from 'esbuild';
import { TEMPLATE_NAMES } from '#src/project/templates.js';
import { ROOT } from '../support/package-project.js';

/** The files of a folder with this ending, by their path in it. */
function sources(folder: string, ending: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const found = names.filter((name) => name.endsWith(ending) && !name.startsWith('events/public/'));
  return new Map(found.toSorted().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** The code alone, as the compiler prints it: without types, comments and the way it is laid out. */
function codeOf(source: string, loader: 'ts' | 'js'): string {
  return transformSync(source, {
    loader,
    target: 'esnext',
    minifyWhitespace: true,
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  }).code;
}

function commentsOf(source: string): string[] {
  return source.match(/^ *\/\*\*[^]*?\*\/|^ *\/\/.*|(?<=[;,{]) \/\/ .*/gm) ?? [];
}

describe('the JavaScript of a template', () => {
  for (const name of TEMPLATE_NAMES) {
    const folder = join(ROOT, 'docs/examples', name);
    // it names its own files
    const typescript = new Map(
      [...sources(folder, '.ts')].map(([file, text]) => [
        file.replace(/\.ts$/, '.js'),
        text.replaceAll(/\b([\w-]+)\.ts\b/g, '$1.js'),
      ]),
    );
    const javascript = sources(join(folder, 'javascript'), '.js');

    it(`${name}: is its TypeScript without the types`, () => {
      assert.ok(typescript.size > 1);
      assert.deepEqual([...javascript.keys()], [...typescript.keys()]);
      for (const [file, source] of typescript) {
        assert.equal(codeOf(javascript.get(file) ?? '', 'js'), codeOf(source, 'ts'), `${name}: ${file}`);
      }
    });

    it(`${name}: says nothing that the TypeScript does not say`, () => {
      for (const [file, source] of javascript) {
        const said = commentsOf(source);
        assert.deepEqual(
          said.filter((comment) => !typescript.get(file)?.includes(comment)),
          [],
          `${name}: ${file}`,
        );
      }
    });
  }
});
