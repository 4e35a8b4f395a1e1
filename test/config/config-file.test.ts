import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig } from '#src/config/load.js';
import { configFolder, refusal } from '../support/config-folder.js';

const env = {};

describe('configuration file', () => {
  const settings =
    '{ gateway: { pingInterval: 7, listen: [{ url: "udp://127.0.0.1:9000" }] }, worker: { count: 3 } }';
  const json =
    '{ "gateway": { "pingInterval": 7, "listen": [{ "url": "udp://127.0.0.1:9000" }] }, "worker": { "count": 3 } }';
  const yaml =
    '# c\ngateway:\n  pingInterval: 7\n  listen:\n    - url: udp://127.0.0.1:9000\nworker:\n  count: 3\n';
  const formats: Record<string, string> = {
    json,
    jsonc: `// line\n/* block */ ${json.replace('"count": 3', '"count": 3, // trailing comma\n')}`,
    yaml,
    yml: yaml,
    toml: '# c\n[gateway]\npingInterval = 7\n[[gateway.listen]]\nurl = "udp://127.0.0.1:9000"\n[worker]\ncount = 3\n',
    ts: `interface Shape { [key: string]: unknown }\nexport default ${settings} satisfies Shape;`,
    mts: `const config: object = ${settings};\nexport default config;`,
    js: `export default () => (${settings});`,
    mjs: `export default async () => (${settings});`,
  };
  for (const [extension, text] of Object.entries(formats)) {
    it(`reads .${extension}`, async (test) => {
      const name = `gatewayworker.config.${extension}`;
      const cwd = await configFolder(test, { [name]: text });
      const { config, file } = await loadConfig({ cwd, env });
      assert.equal(file, join(cwd, name));
      assert.ok(config.gateway && config.worker);
      assert.equal(config.gateway.pingInterval, 7);
      assert.deepEqual(config.gateway.listen, [{ url: 'udp://127.0.0.1:9000' }]);
      assert.equal(config.worker.count, 3);
      assert.equal(config.gateway.pingNotResponseLimit, 2, 'defaults fill in the rest');
    });
  }

  it('takes a file of comments only for an empty one', async (test) => {
    const cwd = await configFolder(test, { 'gatewayworker.config.yaml': '# nothing yet\n\n' });
    assert.equal((await loadConfig({ cwd, env })).config.log.level, 'info');
  });

  it('takes -c FILE relative to the working folder, and paths in it relative to the file', async (test) => {
    const cwd = await configFolder(test, {
      'gatewayworker.config.json': '{ "name": "unused" }',
      'etc/other.yaml': 'name: other\nworker:\n  events: app\n',
    });
    const { config, file } = await loadConfig({ cwd, env, file: 'etc/other.yaml' });
    assert.equal(file, join(cwd, 'etc/other.yaml'));
    assert.equal(config.name, 'other');
    assert.ok(config.worker);
    assert.equal(config.worker.events, join(cwd, 'etc/app'));
  });

  it('refuses two candidates and names both', async (test) => {
    const cwd = await configFolder(test, {
      'gatewayworker.config.json': '{}',
      'gatewayworker.config.ts': '',
    });
    const message = await refusal(loadConfig({ cwd, env }));
    assert.match(message, /gatewayworker\.config\.json and gatewayworker\.config\.ts/);
    assert.match(message, /-c FILE/);
  });

  it('refuses a -c FILE that is missing, a folder, or of an unknown format', async (test) => {
    const cwd = await configFolder(test, { 'node.ini': 'a=1', 'folder.json/x': '' });
    assert.match(
      await refusal(loadConfig({ cwd, env, file: 'gone.json' })),
      /gone\.json does not exist: check .* -c/,
    );
    assert.match(
      await refusal(loadConfig({ cwd, env, file: 'node.ini' })),
      /node\.ini is \.ini: expected .*\.toml/,
    );
    assert.match(await refusal(loadConfig({ cwd, env, file: 'folder.json' })), /is no file: expected a file/);
  });

  it('refuses a file that holds no object', async (test) => {
    const cwd = await configFolder(test, { 'list.json': '[1]', 'text.yaml': 'hello' });
    assert.match(
      await refusal(loadConfig({ cwd, env, file: 'list.json' })),
      /configuration: found a list, expected an object/,
    );
    assert.match(
      await refusal(loadConfig({ cwd, env, file: 'text.yaml' })),
      /configuration: found "hello", expected an object/,
    );
  });
});

describe('configuration module', () => {
  it('may import its own files and packages, and knows its own place', async (test) => {
    const cwd = await configFolder(test, {
      'gatewayworker.config.ts':
        "import { count } from './lib/count.js';\nimport { name } from 'some-package';\n" +
        'export default { name, worker: { count, events: import.meta.dirname + "/app" } };',
      'lib/count.ts':
        "import { readFileSync } from 'node:fs';\n" +
        "export const count: number = Number(readFileSync(new URL('count.txt', import.meta.url), 'utf8'));",
      'lib/count.txt': '5',
      'node_modules/some-package/package.json':
        '{ "name": "some-package", "type": "module", "exports": "./index.js" }',
      'node_modules/some-package/index.js': "export const name = 'from a package';",
    });
    const { config } = await loadConfig({ cwd, env });
    assert.equal(config.name, 'from a package');
    assert.ok(config.worker);
    assert.equal(config.worker.count, 5);
    assert.equal(config.worker.events, join(cwd, 'app'));
  });

  it('leaves only a folder that git ignores, also when it fails', async (test) => {
    const cwd = await configFolder(test, {
      'good.ts': 'export default {};',
      'bad.ts': "throw new Error('no database');",
    });
    await loadConfig({ cwd, env, file: 'good.ts' });
    const message = await refusal(loadConfig({ cwd, env, file: 'bad.ts' }));
    assert.match(message, /bad\.ts failed while it ran: no database/);
    assert.deepEqual(await readdir(join(cwd, '.gatewayworker')), ['.gitignore']);
    assert.equal(await readFile(join(cwd, '.gatewayworker/.gitignore'), 'utf8'), '*\n');
  });

  it('is run again each time', async (test) => {
    const cwd = await configFolder(test, {
      'count.mjs':
        'globalThis.configRuns = (globalThis.configRuns ?? 0) + 1;\nexport default { name: `run ${globalThis.configRuns}` };',
    });
    test.after(() => Reflect.deleteProperty(globalThis, 'configRuns'));
    assert.equal((await loadConfig({ cwd, env, file: 'count.mjs' })).config.name, 'run 1');
    assert.equal((await loadConfig({ cwd, env, file: 'count.mjs' })).config.name, 'run 2');
  });

  it('does not change the object that the module exports', async (test) => {
    const cwd = await configFolder(test, {
      'frozen.js': 'export default Object.freeze({ gateway: Object.freeze({}) });',
    });
    const { config } = await loadConfig({ cwd, env, file: 'frozen.js' });
    assert.ok(config.gateway);
    assert.equal(config.gateway.lanPort, 2900);
  });

  it('refuses a module without a default export, and one with a function inside', async (test) => {
    const cwd = await configFolder(test, {
      'none.ts': 'export const config = {};',
      'inside.ts': 'export default { worker: { count: () => 4 } };',
    });
    assert.match(
      await refusal(loadConfig({ cwd, env, file: 'none.ts' })),
      /none\.ts exports no configuration: expected "export default"/,
    );
    assert.match(
      await refusal(loadConfig({ cwd, env, file: 'inside.ts' })),
      /inside\.ts must give plain data/,
    );
  });

  it('says so when the folder for the compiled file cannot be made', async (test) => {
    const cwd = await configFolder(test, {
      'a.ts': 'export default {};',
      '.gatewayworker': 'a file in the way',
    });
    assert.match(
      await refusal(loadConfig({ cwd, env, file: 'a.ts' })),
      /a\.ts is compiled into .*cannot be written.*JSON, YAML or TOML/s,
    );
  });
});
