import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AdminClient } from '../support/admin-client.js';
import { NodeProcess } from '../support/node.js';
import { WsClient } from '../support/ws-client.js';

describe('the admin listener', () => {
  let node: NodeProcess;
  let admin: AdminClient;
  before(async () => {
    node = await NodeProcess.start({ events: 'echo', admin: { listen: '127.0.0.1:0' } });
    admin = new AdminClient(await node.admin());
  });
  after(async () => await node.stop());

  it('tells everybody whether the node is alive and ready', async () => {
    const live = await admin.bare('/livez');
    assert.deepEqual([live.status, live.json], [200, { status: 'live' }]);
    for (const path of ['/readyz', '/healthz']) {
      const ready = await admin.bare(path);
      assert.deepEqual([ready.status, ready.json], [200, { status: 'ready', reasons: [] }]);
    }
  });

  it('tells those who know the token how the node is', async () => {
    const { status, json } = await admin.get('/api/status');
    assert.equal(status, 200);
    assert.equal((json.result as { name: string }).name, 'test-node');
  });

  it('lists connections, page by page', async () => {
    const clients = [await WsClient.connect(node.url('ws')), await WsClient.connect(node.url('ws'))];
    const { json } = await admin.get('/api/connections?offset=1&limit=5');
    const { total, connections } = json.result as { total: number; connections: unknown[] };
    assert.deepEqual([total, connections.length], [2, 1]);
    await Promise.all(clients.map(async (client) => await client.close()));
  });

  it('says what is wrong with an argument', async () => {
    const { status, json } = await admin.get('/api/connections?limit=many');
    assert.equal(status, 400);
    assert.match(json.error?.message ?? '', /limit is "many": expected an integer from 1 to 1000/);
  });

  it('reloads', async () => {
    assert.equal(await admin.result('/api/reload'), null);
    await node.logged('reloaded');
  });
});
