/** GatewayClient about the clients of several cells, with the Registers of one of them and without any. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { keepAliveClock } from '#src/base/clock.js';
import { BackboneMember } from '#src/client/backbone-member.js';
import { GatewayClient, type GatewayClientOptions, PartialResultError } from '#src/client/index.js';
import { decodeFrame, emptyFrame, encodeFrame } from '#src/wire/frame.js';
import { AdminClient } from '../support/admin-client.js';
import { QUERY_CASES, SEND_CASES, argumentsOf, sorted } from '../support/api-cases.js';
import { ApiClient, introduce } from '../support/api-client.js';
import { Cells } from '../support/cells.js';
import { SECRET_KEY } from '../support/cluster.js';
import { configFolder } from '../support/config-folder.js';
import { samplesIn } from '../support/documents.js';
import { NatsServer } from '../support/nats.js';
import { NodeProcess } from '../support/node.js';
import { ROOT } from '../support/package-project.js';

type AnyCalls = Record<string, (...args: unknown[]) => unknown>;

const MEGABYTE = 'x'.repeat(2 ** 20);

describe('GatewayClient and two cells', { timeout: 120_000 }, () => {
  let cells: Cells;
  let options: Record<'of a mesh' | 'of no cell', GatewayClientOptions>;

  before(async () => {
    const admin = { listen: '127.0.0.1:0' };
    cells = await Cells.start(
      { eu: ['a', 'b'], us: ['c'] },
      { events: 'api', gateway: { pingInterval: 0 }, admin },
    );
    const { cluster } = await cells.node('a').status();
    const registerAddress = cluster.registers.map(({ address }) => address);
    const servers = [cells.server.url];
    options = {
      'of a mesh': { registerAddress, secretKey: SECRET_KEY, backbone: { servers, name: 'eu' } },
      // with or without a name, that of a cell included: without Registers it is not its own
      'of no cell': { backbone: { servers, name: 'eu' } },
    };
  });
  after(async () => await cells.stop());

  async function people(t: TestContext): Promise<ApiClient[]> {
    const clients = await Promise.all(
      ['a', 'c', 'b', 'c'].map(async (node) => await ApiClient.connect(cells.node(node).url('ws'))),
    );
    t.after(async () => {
      await Promise.all(clients.map(({ ws }) => ws.close()));
      const witness = await ApiClient.connect(cells.node('a').url('ws'));
      while ((await witness.call('getAllClientIdCount')) !== 1);
      await witness.ws.close();
    });
    await introduce(clients);
    return clients;
  }

  for (const how of ['of a mesh', 'of no cell'] as const) {
    it(`every call, by one ${how}`, async (t) => {
      await using client = new GatewayClient(options[how]);
      const calls = client as unknown as AnyCalls;
      const clients = await people(t);
      const gone = await ApiClient.connect(cells.node('c').url('ws'));
      await gone.call('client.bindUid', 'gone');
      await gone.call('client.join', 'gone');
      await gone.leave(clients[1]);
      const ids = clients.map(({ id }) => id);
      const [ann, bob, ann2, nobody] = ids;
      client.setSession(ann, { n: 1 });
      for (const [name, args, expected] of QUERY_CASES) {
        const everybody = { ann, bob, ann2, nobody, gone: gone.id };
        const found = sorted({ is: await calls[name](...args(everybody)) });
        assert.deepEqual(found, sorted({ is: expected(everybody) }), `${name}(${argumentsOf(args)})`);
      }
      for (const [what, name, args, expected] of SEND_CASES) {
        assert.equal(calls[name](...args(ids)), true);
        client.sendToAll('end');
        const received = await Promise.all(clients.slice(0, 3).map((each) => each.messagesBefore('end')));
        assert.deepEqual(received, expected, `${name}: ${what}`);
      }
      await clients[3].messagesBefore('end');

      for (const clientId of [bob, ann2]) {
        client.bindUid(clientId, 'zoe');
        client.updateSession(clientId, { list: [1], deep: { ü: null } });
        assert.deepEqual(await client.getSession(clientId), { list: [1], deep: { ü: null } });
        client.joinGroup(clientId, 'blue');
        assert.equal(client.routeClient(clientId, 'room'), true);
      }
      assert.deepEqual(new Set(await client.getClientIdByUid('zoe')), new Set([bob, ann2]));
      client.unbindUid(bob, 'zoe');
      client.leaveGroup(ann2, 'blue');
      assert.deepEqual(await client.getClientIdListByGroup('blue'), [bob]);
      client.ungroup('blue');
      assert.equal(await client.getClientIdCountByGroup('blue'), 0);
      client.closeClient(bob, 'bye', { code: 4000, reason: 'go' });
      assert.deepEqual(await clients[1].ws.closed, { code: 4000, reason: 'go' });
      client.destroyClient(nobody);
      assert.equal((await clients[3].ws.closed).code, 1006);
      await client.drained();
    });

    it(`who has just joined is sent to, by one ${how}`, async (t) => {
      await using client = new GatewayClient(options[how]);
      const [, bob] = await people(t);
      const groups = Array.from({ length: 50 }, (_, n) => `${how} ${n}`);
      for (const group of groups) {
        client.joinGroup(bob.id, group);
        client.sendToGroup(group, group);
      }
      client.sendToAll('end');
      assert.deepEqual(await bob.messagesBefore('end'), groups);
    });
  }

  it('reminds from a process of its own, which ends by itself: the sample in docs/backbone.md', async (t) => {
    const clients = await people(t);
    await Promise.all(clients.map((client) => client.call('client.join', 'news')));
    const [sample] = samplesIn('js').filter(({ document }) => document === 'docs/backbone.md');
    const folder = await configFolder(t, {
      'remind.mjs': sample.code
        .replace('gatewayworker/client', pathToFileURL(join(ROOT, 'dist/client/index.js')).href)
        .replace('nats://127.0.0.1:4222', cells.server.url),
    });
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'remind.mjs')]);
    assert.equal(stdout, '4 clients are online, in all cells\n');
    for (const { ws } of clients) assert.equal(await ws.next(), 'The shop opens at nine.');
  });

  it('messages for workers stay in the mesh, and need one', async (t) => {
    const [ann] = await people(t);
    await using outside = new GatewayClient(options['of no cell']);
    await outside.connect();
    assert.throws(() => outside.sendToWorker({ name: 'a:0' }, 1), { code: 'GW_LINK_CLOSED' });
    await using client = new GatewayClient(options['of a mesh']);
    await client.connect();
    client.sendToWorker({ name: 'a:0' }, 1);
    assert.equal(await ann.ws.next(), 'at a:0 from outside: 1');
  });

  it('names a cell that does not answer, as does HTTP', async (t) => {
    await people(t);
    await using client = new GatewayClient(options['of a mesh']);
    await client.connect();
    const admin = new AdminClient(await cells.node('a').admin());
    assert.equal(await admin.result('/api/getAllClientIdCount'), 4);
    const [gateway] = (await cells.node('a').status()).cluster.backbone?.cells[0].gateways ?? [];
    const named = new RegExp(`by ${gateway.address.replaceAll('.', '\\.')} \\(cell us\\) within`);
    cells.node('c').pause();
    const [partial, { status, json }] = await Promise.all([
      client.getAllClientIdCount().catch((error: unknown) => error as PartialResultError<number>),
      admin.post('/api/getAllClientIdCount'),
    ]);
    cells.node('c').resume();
    assert.ok(partial instanceof PartialResultError);
    assert.match(partial.message, named);
    assert.deepEqual(partial.missing, [gateway.address]);
    assert.equal(partial.partial, 2);
    assert.equal(status, 504);
    assert.match(String(json.error?.message), named);
    assert.deepEqual([json.missing, json.partial], [[gateway.address], 2]);
  });

  it('a Register alone has one for its admin listener', async (t) => {
    await people(t);
    const node = await NodeProcess.start({
      gateway: false,
      worker: false,
      register: { listen: '127.0.0.1:0' },
      cluster: { backbone: { servers: [cells.server.url], name: 'register' } },
      admin: { listen: '127.0.0.1:0' },
    });
    t.after(async () => await node.stop());
    const admin = new AdminClient(await node.admin());
    assert.equal(await admin.result('/api/getAllClientIdCount'), 4);
  });

  it('paces, and refuses what is too much, while NATS stands still', async () => {
    await using client = new GatewayClient(options['of no cell']);
    await client.connect();
    cells.server.pause();
    let sends = 1;
    while (client.sendToUid('nobody', MEGABYTE)) sends++;
    const drained = client.drained();
    const tooMuch = (): void => {
      for (; sends < 40; sends++) client.sendToUid('nobody', MEGABYTE);
    };
    const message = /for other cells by the backbone, such as \S+ \(cell (?:eu|us)\), more than twice/;
    try {
      assert.equal(sends, 10);
      assert.throws(tooMuch, { code: 'GW_OVERFLOW', message });
      assert.equal(sends, 20);
    } finally {
      cells.server.resume();
    }
    await drained;
    assert.equal(client.sendToUid('nobody', MEGABYTE), true);
  });

  it('refuses the name of another cell than its Register’s', async () => {
    const { backbone, ...mesh } = options['of a mesh'];
    const client = new GatewayClient({
      ...mesh,
      backbone: { servers: [cells.server.url], ...backbone, name: 'cron' },
    });
    await assert.rejects(client.getAllUidCount(), {
      code: 'GW_BACKBONE',
      message: /is of the cell eu, and backbone\.name is "cron"; expected "eu"/,
    });
    await client.close();
  });

  it('says what was lost when NATS is gone, and that it is not there', async () => {
    const timeout = 1500;
    const client = new GatewayClient({ ...options['of a mesh'], timeout });
    await client.connect();
    let skipped = 0;
    const clock = { ...keepAliveClock, now: () => keepAliveClock.now() + skipped };
    const { backbone } = options['of no cell'];
    assert.ok(backbone);
    const member = new BackboneMember({ backbone, inMesh: false, timeout, clock });
    const way = member.open({ receive() {}, cellsChanged() {} });
    await member.join();
    assert.ok(way.gateways.length > 0);
    await cells.server.down();
    for (let sent = 0; sent < 3; sent++) way.sendToAll(decodeFrame(encodeFrame(emptyFrame())));
    member.throwLost();
    let lost: unknown;
    while (lost === undefined) {
      skipped += 1000;
      await setImmediate();
      try {
        member.throwLost();
      } catch (error) {
        lost = error;
      }
    }
    assert.match(
      (lost as Error).message,
      /^3 messages to other cells did not reach the backbone, and are lost: nats:/,
    );
    member.throwLost();
    await member.close();

    assert.equal(client.sendToUid('nobody', 'x'), true);
    assert.equal(client.sendToAll('x'), true);
    await assert.rejects(client.close(), {
      code: 'GW_LINK_CLOSED',
      message: /^2 messages to other cells did not/,
    });

    const late = new GatewayClient({ ...options['of a mesh'], timeout });
    const refused = { code: 'GW_BACKBONE', message: /connection refused/ };
    await assert.rejects(late.getAllUidCount(), refused);
    assert.equal(late.sendToAll('x'), true);
    await assert.rejects(late.drained(), refused);
    await late.close();
    await cells.server.up();
  });
});

describe('a GatewayClient with a backbone', { timeout: 30_000 }, () => {
  it('says what NATS does not allow it', async (t) => {
    const server = await NatsServer.start(
      t,
      'authorization { users: [{ user: mute, password: word, permissions: { publish: { deny: ">" } } }] }',
    );
    const backbone = { servers: [server.url], user: 'mute', password: 'word' };
    const client = new GatewayClient({ backbone });
    const refusal = {
      code: 'GW_BACKBONE',
      message: /Permissions Violation for Publish to "gatewayworker\.node/,
    };
    await assert.rejects(client.connect(), refusal);
    await client.close();
    const stranger = new GatewayClient({ backbone: { servers: [server.url] } });
    await assert.rejects(stranger.connect(), {
      code: 'GW_BACKBONE',
      message: /lets nobody in without a login/,
    });
    await stranger.close();
  });

  it('knows no gateway where there is none', async (t) => {
    const server = await NatsServer.start(t);
    await using client = new GatewayClient({ backbone: { servers: [server.url] } });
    await client.connect();
    const nobody = {
      code: 'GW_LINK_CLOSED',
      message: /^Neither a Register nor the backbone knows a gateway/,
    };
    await assert.rejects(client.getAllUidCount(), nobody);
    assert.throws(() => client.sendToAll('x'), nobody);
  });

  it('refuses what nodes refuse in cluster.backbone', async () => {
    const servers = ['nats://127.0.0.1:1'];
    for (const backbone of ['nats://127.0.0.1:1', null, 7]) {
      assert.throws(() => new GatewayClient({ backbone } as unknown as GatewayClientOptions), {
        code: 'GW_ARGUMENT',
        message: /as its backbone; expected what nodes have in cluster\.backbone/,
      });
    }
    const wrong: [backbone: object, found: RegExp][] = [
      [{}, /cluster\.backbone\.servers: missing/],
      [{ servers: ['http://x'] }, /cluster\.backbone\.servers\[0\]: found "http:\/\/x"/],
      [{ servers, token: 'x', user: 'y', password: 'z' }, /3 ways|2 ways to log in/],
      [{ servers, prefx: 'x' }, /cluster\.backbone\.prefx.*did you mean/],
    ];
    for (const [backbone, found] of wrong) {
      const client = new GatewayClient({ backbone } as unknown as GatewayClientOptions);
      await assert.rejects(client.connect(), { code: 'GW_CONFIG', message: found });
      await client.close();
    }
    const nameless = new GatewayClient({ registerAddress: '127.0.0.1:1', backbone: { servers } });
    await assert.rejects(nameless.connect(), {
      code: 'GW_CONFIG',
      message: /cluster\.backbone\.name: missing/,
    });
    await nameless.close();
  });
});
