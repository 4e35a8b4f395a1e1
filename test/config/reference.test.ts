import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { parseJSONC, parseTOML, parseYAML } from 'confbox';
import { errorsPage, referenceTable, userConfigModule, withReference } from '#src/config/reference.js';
import { nodeConfigSchema } from '#src/config/schema.js';
import { schemaKeys } from '#src/config/schema-node.js';
import { ERROR_CODES } from '#src/base/errors.js';
import { loadJson } from '../support/config-folder.js';

const docs = new URL('../../docs/', import.meta.url);

describe('documentation', () => {
  it('of the configuration is what the schema says: else run `npm run docs`', async () => {
    const page = await readFile(new URL('configuration.md', docs), 'utf8');
    assert.equal(page, withReference(page));
  });

  it('of the errors is what src/base/errors.ts says: else run `npm run docs`', async () => {
    const page = await readFile(new URL('errors.md', docs), 'utf8');
    assert.equal(page, errorsPage());
    for (const code of Object.keys(ERROR_CODES)) assert.ok(page.includes(`\`${code}\``));
  });

  it('of the type UserConfig is what the schema says: else run `npm run docs`', async () => {
    const source = await readFile(new URL('../../src/config/user-config.ts', import.meta.url), 'utf8');
    assert.equal(source, userConfigModule());
  });

  it('shows one and the same configuration in each data format, and a valid one', async (test) => {
    const page = await readFile(new URL('configuration.md', docs), 'utf8');
    const block = (language: string): string => page.split(`\`\`\`${language}\n`)[1].split('```')[0];
    const value = parseJSONC(block('jsonc'));
    assert.deepEqual(parseYAML(block('yaml')), value);
    assert.deepEqual(structuredClone(parseTOML(block('toml'))), value);
    assert.equal((await loadJson(test, value)).config.name, 'node-a');
  });
});

describe('reference table', () => {
  it('says type, default and meaning of every key', () => {
    const rows = referenceTable().trim().split('\n').slice(2);
    const keys = [...schemaKeys(nodeConfigSchema)];
    assert.equal(rows.length, keys.length);
    for (const { path, node } of keys) assert.ok(node.description, `${path.join('.')} has a description`);
    assert.ok(
      rows.some((row) => row.startsWith('| `gateway.slowClient` | `"close"`, `"drop"` | `"close"` | ')),
    );
    assert.ok(rows.some((row) => row.startsWith('| `gateway.listen[].url` | string | required | ')));
    assert.ok(
      rows.some((row) =>
        row.startsWith('| `worker.count` | integer of threads, 1 to 256 | cores − 1, at least 1 | '),
      ),
    );
  });

  it('replaces what is between its markers and nothing else', () => {
    const page = withReference('before\n<!-- reference -->\nold\n<!-- /reference -->\nafter\n');
    assert.equal(page, `before\n<!-- reference -->\n\n${referenceTable()}\n<!-- /reference -->\nafter\n`);
    assert.throws(() => withReference('no markers'), /markers/);
  });
});
