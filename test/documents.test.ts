import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig } from '#src/config/load.js';
import { configFolder } from './support/config-folder.js';
import { DOCUMENTS, readDocument, samplesIn } from './support/documents.js';
import { ROOT } from './support/package-project.js';

const OTHERS_REACH_IT = { GW_GATEWAY_LANIP: '10.0.0.9', GW_CLUSTER_SECRETKEY: 'a word' };
const KEYS = ['name', 'gateway', 'worker', 'register', 'cluster', 'admin', 'log'];

describe('the documents', () => {
  const configurations = samplesIn('json', 'jsonc', 'yaml', 'toml')
    // one key of a configuration, as it stands in the middle of one
    .map((sample) => ({ ...sample, code: sample.code.startsWith('"') ? `{ ${sample.code} }` : sample.code }))
    .filter(({ code }) =>
      KEYS.some((key) => new RegExp(`^(?:\\{ *|  |\\[)?"?${key}"?[:.\\] ]`, 'm').test(code)),
    )
    .filter(({ code }) => !code.includes('"version"') && !code.includes('services:'));

  it('show configurations that are right', async (t) => {
    assert.ok(configurations.length >= 15);
    for (const { document, line, language, code } of configurations) {
      const format = language === 'json' ? 'jsonc' : language;
      const cwd = await configFolder(t, { [`gatewayworker.config.${format}`]: code });
      // what is shown of the cluster alone stands beside a gateway that others reach
      const env: Record<string, string> = code.includes('"gateway"') ? {} : OTHERS_REACH_IT;
      await assert.doesNotReject(loadConfig({ cwd, env }), `${document}:${line}\n${code}`);
    }
  });

  it('link to files and headings that exist', () => {
    for (const document of DOCUMENTS) {
      for (const [, target, heading] of readDocument(document).matchAll(
        /\]\((?!https?:)([^)#\s]*)(?:#([^)]*))?\)/g,
      )) {
        const file = target === '' ? document : join(dirname(document), target);
        assert.ok(existsSync(join(ROOT, file)), `${document} links to ${target}`);
        if (heading === undefined || !file.endsWith('.md')) continue;
        assert.ok(headingsOf(file).includes(heading), `${document} links to ${target}#${heading}`);
      }
    }
  });

  it('in Chinese mark every link to an English page', () => {
    const text = readDocument('README.zh-CN.md');
    const links = [...text.matchAll(/\]\((?:docs\/[^)]*\.md[^)]*|[A-Z]+\.md|LICENSE)\)(?<after>.{4})/g)];
    assert.ok(links.length >= 15);
    for (const [link] of links.filter(([found]) => !found.startsWith('](README')))
      assert.match(link, /（英文）$/);
  });
});

/** The names by which a document's headings are linked to. */
function headingsOf(file: string): string[] {
  return [...readDocument(file).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
