import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig } from '#src/config/load.js';
import { configFolder } from '../support/config-folder.js';

describe('a folder of static files that is not there', () => {
  it('is warned of where it is named, by file or environment', async (test) => {
    const listen = JSON.stringify([{ url: 'ws://127.0.0.1:0', static: 'pubilc' }]);
    const cwd = await configFolder(test, {
      'gatewayworker.config.json': `{ "gateway": { "listen": ${listen} } }`,
    });
    const expected = [`ws://127.0.0.1:0: the folder of static files ${join(cwd, 'pubilc')} does not exist`];
    assert.deepEqual((await loadConfig({ cwd, env: {} })).warnings, expected);
    const env = { GW_GATEWAY_LISTEN: listen };
    assert.deepEqual((await loadConfig({ cwd: await configFolder(test), env })).warnings.length, 1);
  });

  it('is nothing to warn of by default: an application need not have a page', async (test) => {
    const cwd = await configFolder(test, {
      'gatewayworker.config.json': '{ "gateway": { "pingInterval": 5 } }',
    });
    assert.deepEqual((await loadConfig({ cwd, env: {} })).warnings, []);
  });

  it('is none once it is there', async (test) => {
    const listen = JSON.stringify([{ url: 'ws://127.0.0.1:0', static: 'public' }]);
    const cwd = await configFolder(test, { 'public/index.html': '' });
    assert.deepEqual((await loadConfig({ cwd, env: { GW_GATEWAY_LISTEN: listen } })).warnings, []);
  });
});
