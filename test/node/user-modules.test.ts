import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { configFolder } from '../support/config-folder.js';
import { failToStart, NodeProcess } from '../support/node.js';
import { TextClient } from '../support/text-client.js';

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));

/** A package as `npm init -y` makes it, with ours and another one installed. */
async function project(t: TestContext, files: Record<string, string>): Promise<string> {
  const folder = await configFolder(t, {
    'package.json': '{ "name": "project", "version": "1.0.0", "type": "commonjs" }',
    'node_modules/other/package.json': '{ "name": "other", "version": "1.0.0", "main": "main.js" }',
    'node_modules/other/main.js': "module.exports = { name: 'other' };",
    ...files,
  });
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  await symlink(PACKAGE, join(folder, 'node_modules/gatewayworker'));
  return folder;
}

/** Starts the project's node and asks it a question. */
async function answerOf(t: TestContext, folder: string, gateway: object = {}): Promise<string> {
  const listen = [{ url: 'text://127.0.0.1:0' }];
  const node = await NodeProcess.start({ events: join(folder, 'events'), gateway: { listen, ...gateway } });
  t.after(() => node.stop());
  const client = await TextClient.connect(node.url('text'));
  client.send('?');
  const answer = await client.next();
  await client.close();
  return answer;
}

/** An index.js in CommonJS whose handler answers with this expression. */
function answering(expression: string, ...before: string[]): string {
  return [
    "const { defineEvents } = require('gatewayworker');",
    ...before,
    'module.exports = defineEvents({',
    `  onMessage(client) { client.send(JSON.stringify(${expression})); },`,
    '});',
  ].join('\n');
}

describe("a user's modules in CommonJS", { concurrency: 2 }, () => {
  it('require built-in modules, packages, JSON, their own files, TypeScript, and names made as they run', async (t) => {
    const folder = await project(t, {
      'events/index.js': answering(
        "{ os: typeof os.cpus, other, data, typed, sub, optional, plugin: load('one'), far: require(path.join(__dirname, 'plugins', 'one')) }",
        "const os = require('os'), path = require('node:path');",
        "const other = require('other').name;",
        "const data = require('./data.json');",
        "const { typed } = require('./typed');",
        "const sub = require('./sub/place.cjs');",
        'const load = (name) => require(`./plugins/${name}`);',
        "let optional; try { require('./not-there'); } catch ({ code }) { optional = code; }",
      ),
      'events/data.json': '{ "n": 1 }',
      'events/typed.ts': "import type { Gone } from './gone.js';\nexport const typed: string = 'typed';\n",
      'events/sub/place.cjs': "module.exports = [__filename, __dirname, require.resolve('../data.json')];",
      'events/plugins/one.js': "module.exports = 'plugin one';",
      'events/plugins/readme.md': 'not to be bundled',
    });
    assert.deepEqual(JSON.parse(await answerOf(t, folder)), {
      os: 'function',
      other: 'other',
      data: { n: 1 },
      typed: 'typed',
      sub: [
        join(folder, 'events/sub/place.cjs'),
        join(folder, 'events/sub'),
        join(folder, 'events/data.json'),
      ],
      optional: 'MODULE_NOT_FOUND',
      plugin: 'plugin one',
      far: 'plugin one',
    });
  });

  it('share one package with ES modules: mixed files, and files that node loads by itself', async (t) => {
    const folder = await project(t, {
      'events/index.mjs': [
        "import { defineEvents, GatewayError } from 'gatewayworker';",
        "import { createRequire } from 'node:module';",
        "import common, { named } from './common.cjs';",
        'const require = createRequire(import.meta.url);',
        "const loaded = require(['.', 'loaded.cjs'].join('/'));",
        'const errors = [common.GatewayError, common.OfClient, loaded];',
        'export default defineEvents({',
        '  onMessage(client) { client.send(`${named} ${errors.map((error) => error === GatewayError)}`); },',
        '});',
      ].join('\n'),
      'events/common.cjs': [
        "const { GatewayError } = require('gatewayworker');",
        "exports.OfClient = require('gatewayworker/client').GatewayError;",
        'exports.GatewayError = GatewayError;',
        "exports.named = 'named';",
      ].join('\n'),
      'events/loaded.cjs': "module.exports = require('gatewayworker').GatewayError;",
    });
    assert.equal(await answerOf(t, folder), 'named true,true,true');
  });

  for (const [name, text] of [
    [
      'index.cts',
      "import { hostname } from 'node:os';\nexport = { onMessage(client: any) { client.send(typeof hostname); } };",
    ],
    ['index.cjs', "exports.onMessage = (client) => client.send(typeof require('os').hostname);"],
    [
      'index.js',
      "Object.defineProperty(exports, '__esModule', { value: true });\nexports.default = { onMessage: (client) => client.send('function') };",
    ],
  ]) {
    it(`may be the entry: ${name}, ${text.slice(0, 20)}…`, async (t) => {
      const folder = await project(t, { [`events/${name}`]: text });
      assert.equal(await answerOf(t, folder), 'function');
    });
  }

  it('may be protocol and router modules, and so may ES modules in a package of CommonJS', async (t) => {
    const folder = await project(t, {
      'events/index.js': answering("'routed'"),
      'router.js': "const [first] = [0];\nmodule.exports = (workers) => workers[require('./first.json')];",
      'first.json': '0',
      'lines.js': [
        "import { EOL } from 'node:os';",
        'export const input = (buffer) => buffer.indexOf(EOL) + 1;',
        'export const decode = (buffer) => buffer.toString().trim();',
        'export const encode = (message) => `<${message}>\\n`;',
      ].join('\n'),
    });
    const listen = [{ url: 'tcp://127.0.0.1:0', protocol: join(folder, 'lines.js') }];
    const node = await NodeProcess.start({
      events: join(folder, 'events'),
      gateway: { listen, router: join(folder, 'router.js') },
    });
    t.after(() => node.stop());
    const client = await TextClient.connect(node.url('tcp'));
    client.send('?');
    assert.equal(await client.next(), '<"routed">');
    await client.close();
  });

  it('keep the lines of their files in stacks, with a require that is bundled or made up', async (t) => {
    const folder = await project(t, {
      'events/index.js': [
        '#!/usr/bin/env node',
        "const name = './fails';",
        "require(process.env.NO_SUCH_VARIABLE ?? 'node:os');",
        '',
        "require('./fails');",
      ].join('\n'),
      'events/fails.js': "'use strict';\n\nthrow new Error('not today');",
    });
    const { status, errors } = await failToStart({ events: join(folder, 'events') });
    assert.equal(status, 1);
    assert.match(errors, /not today\n.*events\/fails\.js:3:7/s);
    assert.match(errors, /events\/index\.js:5:1/);
  });

  it('that do not compile are shown with line and caret', async (t) => {
    const folder = await project(t, {
      'events/index.js': "const os = require('os');\nmodule.exports = {,};",
    });
    const { errors } = await failToStart({ events: join(folder, 'events') });
    assert.match(errors, /events\/index\.js:2:18:\n +2 │ module\.exports = \{,\};\n/);
  });
});
