import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { loadNats } from '#src/backbone/nats-library.js';
import { createLogger } from '#src/base/log.js';
import { GatewayClient } from '#src/client/index.js';
import { startNode } from '#src/node/node.js';
import { loadJson } from '../support/config-folder.js';
import { NodeLog } from '../support/node-log.js';

const { cache } = createRequire(import.meta.url);

describe('the client of NATS', () => {
  it('is not loaded by a node without a backbone, nor by a Register alone, nor by their GatewayClients', async (test) => {
    const common = { worker: false, register: { listen: '127.0.0.1:0' }, admin: false };
    const gateway = { listen: [{ url: 'ws://127.0.0.1:0' }], lanPort: 0 };
    const backbone = { servers: ['nats://127.0.0.1:1'], name: 'eu-1' };
    for (const own of [{ gateway }, { gateway: false, cluster: { backbone } }]) {
      const { config } = await loadJson(test, { ...common, ...own });
      const log = createLogger({ level: 'silent', destination: new NodeLog() });
      const node = await startNode(config, { version: '0', log, writeLine: () => {} });
      const client = new GatewayClient({ registerAddress: String(node.registerAddress) });
      await client.connect();
      await client.close();
      await node.stop(true);
      assert.equal(isLoaded(), false);
    }
    await loadNats();
    assert.equal(isLoaded(), true);
  });
});

function isLoaded(): boolean {
  return Object.keys(cache).some((file) => file.includes('@nats-io'));
}
