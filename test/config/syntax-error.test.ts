import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig } from '#src/config/load.js';
import { configFolder, refusal } from '../support/config-folder.js';

describe('syntax error', () => {
  // name, text, line:column, what the message says, the line shown
  const cases = [
    ['colon.json', '{\n "name": "a",\n "worker" {}\n}', '3:11', 'Expected ":"', ' "worker" {}'],
    ['word.json', '{ "name": yes }', '1:11', 'Unexpected "yes"', '{ "name": yes }'],
    ['comment.json', '{\n // no\n}', '2:2', 'does not support comments', ' // no'],
    ['umlaut.json', '{ "name": "Zoë" x }', '1:17', 'found "x"', '{ "name": "Zoë" x }'],
    ['empty.json', '', '1:1', 'Unexpected end of file', ''],
    [
      'colon.jsonc',
      '{\n /* a\n b */ "url": "ws://x", // c\n "worker" {}\n}',
      '4:11',
      'Expected ":"',
      ' "worker" {}',
    ],
    ['indent.yaml', 'name: a\nworker: [1\nlog: 2', '3:1', 'deficient indentation', 'log: 2'],
    ['twice.yml', 'name: a\nname: b\n', '2:1', 'duplicated mapping key', 'name: b'],
    ['value.toml', 'name = "a"\nlog = \n', '2:7', 'invalid value', 'log = '],
    ['brace.ts', 'export default {\n\tname: : 1,\n};', '2:8', 'Unexpected ":"', '\tname: : 1,'],
    [
      'import.mjs',
      "import { a } from './gone.js';\nexport default a;",
      '1:19',
      'Could not resolve',
      "import { a } from './gone.js';",
    ],
  ] as const;
  for (const [name, text, place, reason, line] of cases) {
    it(`names the place in ${name}`, async (test) => {
      const cwd = await configFolder(test, { [name]: text });
      const message = await refusal(loadConfig({ cwd, env: {}, file: name }));
      assert.ok(message.startsWith(`${join(cwd, name)}:${place}: `), message);
      assert.ok(message.includes(reason), message);
      const [, shown, caret] = message.split('\n');
      const [lineNumber, column] = place.split(':').map(Number);
      assert.equal(shown, `  ${lineNumber} | ${line}`);
      assert.equal(caret.length, `  ${lineNumber} | `.length + column, 'the caret stands below the column');
    });
  }

  it('names the file that is wrong, when the configuration imports it', async (test) => {
    const cwd = await configFolder(test, {
      'a.ts': "export { default } from './b.js';",
      'b.ts': 'export default {',
    });
    assert.match(await refusal(loadConfig({ cwd, env: {}, file: 'a.ts' })), /\/b\.ts:1:17: /);
  });

  it('reports what only JSON.parse refuses', async (test) => {
    const cwd = await configFolder(test, { 'a.json': '{ "name": "\\x41" }' });
    assert.match(await refusal(loadConfig({ cwd, env: {}, file: 'a.json' })), /a\.json(:1:\d+)?: /);
  });

  const secrets = [
    ['same-line.json', '{ "secretKey" "hunter2" }'],
    ['unquoted.json', '{ "secretKey": hunter2 }'],
    ['next-line.json', '{ "secretKey":\n hunter2 }'],
    ['commented.jsonc', '// c\n{ "secretKey": hunter2 }'],
    ['tab.yaml', 'tls:\n\tkey: hunter2'],
    ['quote.toml', 'secretKey = hunter2'],
    ['paren.ts', 'export default { secretKey: (hunter2 };'],
  ] as const;
  for (const [name, text] of secrets) {
    it(`shows no secret of ${name}`, async (test) => {
      const cwd = await configFolder(test, { [name]: text });
      const message = await refusal(loadConfig({ cwd, env: {}, file: name }));
      assert.ok(!message.includes('hunter2'), message);
      assert.match(message, /:\d+:\d+: syntax error \(the line is hidden/);
    });
  }
});
