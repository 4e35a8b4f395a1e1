import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { AdminClient } from '../support/admin-client.js';
import { fixture } from '../support/fixtures.js';
import { failToStart, NodeProcess } from '../support/node.js';
import { WsClient } from '../support/ws-client.js';

/** Quick to start. */
const registerOnly = { gateway: false, worker: false, register: { listen: '127.0.0.1:0' } } as const;

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

  it('is told by the admin command, and by status', async () => {
    const { link } = await node.admin();
    const told = await node.command('admin');
    assert.deepEqual([told.status, told.out], [0, `${link}\n`]);
    assert.match(
      (await node.command('status')).out,
      new RegExp(`^admin +${link.replaceAll('?', '\\?')}$`, 'm'),
    );
    assert.equal(JSON.parse((await node.command('status', '--json')).out).admin, link);
    // a token is nothing for a log
    assert.ok(!JSON.stringify(node.log).includes(admin.token));
  });

  it('is none for others to start on, but one that nobody has configured takes another port', async (t) => {
    const [, port] = /:(\d+)\/$/.exec(admin.url) ?? [];
    const { status, errors } = await failToStart({
      events: 'echo',
      admin: { listen: `127.0.0.1:${port}` },
    });
    assert.equal(status, 1);
    assert.match(
      errors,
      new RegExp(
        `Cannot listen on 127\\.0\\.0\\.1:${port} \\(admin\\.listen\\): .*EADDRINUSE.*The port is in use`,
      ),
    );
    // whoever has 8280, one of these two does not
    const others = await Promise.all(
      [1, 2].map(async () => await NodeProcess.start({ ...registerOnly, admin: {} })),
    );
    t.after(async () => await Promise.all(others.map(async (other) => await other.stop())));
    const urls = await Promise.all(others.map(async (other) => (await other.admin()).url));
    assert.notEqual(urls[0], urls[1]);
    assert.ok(others.some(({ log }) => log.some(({ msg }) => msg.startsWith('127.0.0.1:8280 is taken, so'))));
  });
});

describe('an admin listener that others may reach', () => {
  it('speaks TLS, with a token of its own, which only the admin command tells', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'gatewayworker-admin-'));
    t.after(async () => await rm(folder, { recursive: true }));
    const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    const use = async (cert: string, key: string) => {
      await copyFile(fixture(cert), tls.cert);
      await copyFile(fixture(key), tls.key);
    };
    await use('test-only-cert.pem', 'test-only-key.pem');
    const token = 'a-word-of-our-own';
    const node = await NodeProcess.start({ events: 'echo', admin: { listen: '0.0.0.0:0', token, tls } });
    t.after(async () => await node.stop());
    const { url, link } = await node.admin();
    assert.match(url, /^https:\/\/localhost:\d+\/$/);
    const admin = new AdminClient({ url, link });
    assert.equal(admin.token, token);
    const ca = readFileSync(fixture('test-only-cert.pem'));
    assert.equal((await admin.get('/api/status', { ca })).status, 200);
    const shown = await node.command('status');
    assert.ok(shown.out.includes(url));
    assert.ok(!shown.out.includes(token));
    assert.equal((await node.command('admin')).out, `${link}\n`);

    // a reload takes all of it or nothing
    await use('tls/chat.pem', 'tls/game.key');
    const refused = await admin.post('/api/reload', {}, { ca });
    assert.deepEqual([refused.status, refused.json.error?.code], [422, 'GW_TLS']);
    assert.equal((await admin.get('/api/status', { ca })).status, 200);
    await use('tls/chat.pem', 'tls/chat.key');
    assert.equal((await admin.post('/api/reload', {}, { ca })).status, 200);
    const socket = connect({ port: Number(new URL(url).port), rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    assert.equal(
      socket.getPeerX509Certificate()?.fingerprint,
      new X509Certificate(readFileSync(tls.cert)).fingerprint,
    );
    socket.destroy();
  });
});
