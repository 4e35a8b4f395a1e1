import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import * as fc from 'fast-check';
import type { ClientRecord } from '#src/gateway/client-record.js';
import { InnerPort } from '#src/gateway/inner/inner-port.js';
import { Command, Flag, commandName } from '#src/wire/command.js';
import { fixture } from '../../support/fixtures.js';
import { InnerScene, type InnerSceneOptions } from '../../support/inner-scene.js';
import { RawPeer, frameBytes } from '../../support/raw-peer.js';

const KEY = 's3cret';
const introduction = (secretKey: string): string =>
  JSON.stringify({ worker_key: 'B:0', secret_key: secretKey });

/** Bytes that end their connection, and the kind that they are counted as. */
const REFUSED: Readonly<Record<string, [kind: string, bytes: Buffer | string, options?: InnerSceneOptions]>> =
  {
    'a worker with a wrong key': [
      'secret key',
      frameBytes({ command: Command.WORKER_CONNECT, body: introduction('s3creT') }),
    ],
    'a worker of ours with a wrong key': [
      'secret key',
      frameBytes({
        command: Command.GATEWAY_CLIENT_CONNECT,
        body: '{"worker_key":"B:0","secret_key":"no","features":["node/1"]}',
      }),
    ],
    'a worker without a key': [
      'secret key',
      frameBytes({ command: Command.WORKER_CONNECT, body: '{"worker_key":"B:0"}' }),
    ],
    'a worker with a key where there is none': [
      'secret key',
      frameBytes({ command: Command.WORKER_CONNECT, body: introduction('s3cret') }),
      {},
    ],
    'a GatewayClient with a wrong key': [
      'secret key',
      frameBytes({ command: Command.GATEWAY_CLIENT_CONNECT, body: '{"secret_key":""}' }),
    ],
    'a command without a key': ['secret key', frameBytes({ command: Command.SEND_TO_ALL, body: 'spam' })],
    'a ping without a key': ['secret key', frameBytes({ command: Command.PING })],
    'a GatewayClient whose second key is wrong': [
      'secret key',
      Buffer.concat(
        ['s3cret', 'no'].map((key) =>
          frameBytes({ command: Command.GATEWAY_CLIENT_CONNECT, body: JSON.stringify({ secret_key: key }) }),
        ),
      ),
    ],
    HTTP: ['frame', 'GET / HTTP/1.1\r\n\r\n'],
    'a frame that is too short': ['frame', Buffer.from([0, 0, 0, 27])],
    'a frame that is too long': ['frame', Buffer.from([0x7f, 0xff, 0xff, 0xff])],
    'ext_data longer than its frame': [
      'frame',
      Buffer.concat([frameBytes({ command: Command.PING }).subarray(0, 24), Buffer.from([0, 0, 0, 1])]),
    ],
    'an introduction that is a serialized object': [
      'frame',
      frameBytes({
        command: Command.WORKER_CONNECT,
        flags: 0,
        body: 'O:8:"stdClass":1:{s:10:"secret_key";s:6:"s3cret";}',
      }),
    ],
    'an introduction that does not end': [
      'frame',
      Buffer.concat([Buffer.from([0, 10, 0, 0]), Buffer.alloc(70_000)]),
    ],
  };

/** Frames of a GatewayClient that cannot be carried out, and what is answered where it asks something. */
const NO_UTF8 = Buffer.from([0x78, 0xff]);
const SKIPPED: Readonly<Record<string, [frame: Parameters<typeof frameBytes>[0], answer?: string]>> = {
  'a command that no gateway knows': [{ command: 99 }],
  'a state from a GatewayClient': [{ command: Command.WORKER_STATE }],
  'a pause from a GatewayClient': [{ command: Command.PAUSE_CLIENT }],
  'a message that is a serialized object': [
    { command: Command.SEND_TO_ALL, flags: 0, body: 'O:8:"stdClass":0:{}' },
  ],
  'a message that nests without end': [
    { command: Command.SEND_TO_ALL, flags: 0, body: 'a:1:{i:0;'.repeat(100_000) },
  ],
  'a message that no JSON can hold': [{ command: Command.SEND_TO_ALL, flags: 0, body: 'd:NAN;' }],
  'uids of which PHP could make no JSON': [{ command: Command.SEND_TO_UID }],
  'a uid that is no UTF-8': [{ command: Command.BIND_UID, connectionId: 1, ext: NO_UTF8 }],
  'a group that is no UTF-8': [{ command: Command.JOIN_GROUP, connectionId: 1, ext: NO_UTF8 }],
  'a session that is none': [{ command: Command.UPDATE_SESSION, connectionId: 1, ext: 'O:1:"x":0:{}' }],
  'a query whose JSON is broken': [{ command: Command.SELECT, ext: '{' }, 'a:0:{}'],
  'a query without its list of uids': [{ command: Command.BATCH_GET_CLIENT_ID_BY_UID }, 'a:0:{}'],
  'a query for groups that are lists': [
    { command: Command.BATCH_GET_CLIENT_COUNT_BY_GROUP, ext: '[["red"]]' },
    'a:0:{}',
  ],
  'a query for a uid that is no UTF-8': [{ command: Command.GET_CLIENT_ID_BY_UID, ext: NO_UTF8 }, 'a:0:{}'],
  'a query for the sessions of a group that is no UTF-8': [
    { command: Command.GET_CLIENT_SESSIONS_BY_GROUP, ext: NO_UTF8 },
    'a:0:{}',
  ],
  'a count of a group that is no UTF-8': [
    { command: Command.GET_CLIENT_COUNT_BY_GROUP, ext: NO_UTF8 },
    'i:0;',
  ],
};

describe('the inner port: hostile input', () => {
  for (const [name, [kind, bytes, options]] of Object.entries(REFUSED)) {
    it(`${name}: closed, counted, logged with the address, nothing else disturbed`, async (t) => {
      const scene = await InnerScene.create(t, options ?? { secretKey: KEY });
      const client = await scene.client();
      await client.settled();
      const { transport } = scene.join();
      const peer = await scene.connect();
      peer.write(bytes);
      await peer.closed;
      assert.equal(peer.unread, 0);
      assert.deepEqual(scene.refusals, { [kind]: 1 });
      const [line, ...others] = scene.log.filter(({ remoteAddress }) => remoteAddress !== undefined);
      assert.deepEqual(others, []);
      assert.equal(line.remoteAddress, peer.address);
      assert.equal(line.kind, `inner port: ${kind}`);
      assert.ok(!JSON.stringify(scene.log).includes(KEY));
      assert.equal(transport.written, '');
      await client.settled();
    });
  }

  for (const [name, [frame, answer]] of Object.entries(SKIPPED)) {
    it(`${name}: skipped, counted and logged; what was sent before and behind it counts`, async (t) => {
      const scene = await InnerScene.create(t, { secretKey: KEY });
      t.mock.method(scene.gateway.directory, 'nextId', () => 1);
      const { transport } = scene.join();
      const peer = await scene.client();
      peer.send({ command: Command.SEND_TO_ONE, connectionId: 1, body: 'before' });
      peer.send(frame);
      peer.send({ command: Command.SEND_TO_ONE, connectionId: 1, body: 'behind' });
      peer.send({ command: Command.IS_ONLINE, connectionId: 1 });
      if (answer !== undefined) assert.equal((await peer.nextReply()).toString('latin1', 4), answer);
      assert.equal((await peer.nextReply()).toString('latin1', 4), 'i:1;');
      await transport.until('both messages', () => transport.written === 'before\nbehind\n');
      assert.deepEqual(scene.refusals, { command: 1 });
      const [line, ...others] = scene.log.filter(({ remoteAddress }) => remoteAddress !== undefined);
      assert.deepEqual(others, []);
      assert.equal(line.remoteAddress, peer.address);
      assert.equal(line.kind, 'inner port: command');
    });
  }

  for (const command of [Command.UPDATE_SESSION, Command.PATCH_SESSION]) {
    it(`a session that is too deep to be sent on, by ${commandName(command)}: refused, and the client keeps the one before`, async (t) => {
      const scene = await InnerScene.create(t);
      const peer = await scene.client();
      const { transport, id } = scene.join();
      peer.send({ command: Command.SET_SESSION, connectionId: id, ext: '{"before":1}' });
      const deep = `{"deep":${'['.repeat(8000)}${']'.repeat(8000)}}`;
      const ext = command === Command.UPDATE_SESSION ? deep : `{"set":${deep},"delete":[]}`;
      peer.send({ command, connectionId: id, clientIp: 1, ext });
      await peer.settled();
      assert.deepEqual(scene.refusals, { command: 1 });
      await scene.nodeWorker();
      scene.gateway.clients.message(transport, Buffer.from('still here'), false);
      assert.equal(scene.gateway.directory.get(id)?.state?.bytes.toString(), '{"before":1}');
    });
  }

  it('a peer that says nothing, or not all of its first frame, within 10 seconds', async (t) => {
    const scene = await InnerScene.create(t, { secretKey: KEY });
    const [silent, slow, prompt] = [await scene.connect(), await scene.connect(), await scene.client()];
    slow.write(frameBytes({ command: Command.WORKER_CONNECT, body: introduction(KEY) }).subarray(0, 60));
    await prompt.settled();
    // the gateway knows of all three by now
    scene.clock.advance(9_999);
    await prompt.settled();
    assert.deepEqual(scene.refusals, {});
    scene.clock.advance(1);
    await Promise.all([silent.closed, slow.closed]);
    assert.deepEqual(scene.refusals, { 'no introduction': 2 });
    scene.clock.advance(60_000);
    await prompt.settled();
  });

  it('an introduction byte by byte is one, and what follows it too', async (t) => {
    const scene = await InnerScene.create(t, { secretKey: KEY });
    const peer = await scene.connect();
    const bytes = Buffer.concat([
      frameBytes({ command: Command.GATEWAY_CLIENT_CONNECT, body: JSON.stringify({ secret_key: KEY }) }),
      frameBytes({ command: Command.IS_ONLINE, connectionId: 1 }),
    ]);
    for (const byte of bytes) {
      peer.write(Buffer.from([byte]));
      await turn();
    }
    assert.equal((await peer.nextReply()).toString('latin1', 4), 'i:0;');
  });

  it('a GatewayClient that does not read its replies is not read, and gets every one when it does', async (t) => {
    const scene = await InnerScene.create(t, { gateway: { sendToWorkerBufferSize: 65_536 } });
    const { id, transport } = scene.join();
    (transport.client as ClientRecord).ensureState().replace(Buffer.alloc(200_000, 'x'));
    const [greedy, other] = [await scene.connect(), await scene.connect()];
    greedy.socket.pause();
    const asked = 150;
    const query = frameBytes({ command: Command.GET_SESSION_BY_CLIENT_ID, connectionId: id });
    greedy.write(Buffer.concat(Array.from({ length: asked }, () => query)));
    const padding = { command: Command.PING, body: Buffer.alloc(1024 * 1024) };
    for (let n = 0; n < 32; n++) greedy.send(padding);
    greedy.send({ command: Command.SEND_TO_ONE, connectionId: id, body: 'last' });
    // 30 MB each way: far more than fits between the two
    for (let n = 0; n < 200; n++) await other.settled();
    assert.equal(transport.written, '');
    assert.ok(greedy.socket.writableLength > 8 * 1024 * 1024, 'what it sends is not read either');
    for (let n = 0; n < asked; n++) {
      greedy.socket.resume();
      assert.equal((await greedy.nextReply()).length, 200_004);
    }
    await transport.until('the last command', () => transport.written === 'last\n');
  });

  it('whatever an authorized GatewayClient sends, the gateway goes on, and every refusal is counted', async (t) => {
    const scene = await InnerScene.create(t, { secretKey: KEY });
    const witness = await scene.client();
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.constant({ toString: 1, valueOf: 1 }),
      fc.constant([{ toString: 1 }]),
    );
    const json = fc.oneof(
      odd,
      fc.record(
        { fields: odd, where: fc.oneof(odd, fc.record({ uid: odd, groups: odd, connection_id: odd })) },
        { requiredKeys: [] },
      ),
      fc.record({ connections: odd, exclude: odd, group: odd }, { requiredKeys: [] }),
      fc.record({ set: odd, delete: odd }, { requiredKeys: [] }),
    );
    const text = fc.oneof(
      json.map((value) => JSON.stringify(value)),
      fc.string(),
      fc.constant('a:1:{i:0;O:1:"x":0:{}}'),
    );
    const frame = fc.record({
      command: fc.oneof(fc.constantFrom(...Object.values(Command)), fc.integer({ min: 0, max: 255 })),
      connectionId: fc.constantFrom(0, 1, 2 ** 32 - 1),
      flags: fc.integer({ min: 0, max: 255 }),
      clientIp: fc.integer({ min: 0, max: 8 }),
      ext: text,
      body: text,
    });
    const nextId = t.mock.method(scene.gateway.directory, 'nextId', () => 1);
    const { transport } = scene.join();
    nextId.mock.restore();
    let refused = 0;
    let skipped = 0;
    let ended = 0;
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 10 }), async (frames) => {
        const peer = await scene.client();
        for (const each of frames) peer.send(each);
        const end = `end of ${++runs}`;
        peer.send({ command: Command.SEND_TO_ONE, connectionId: 1, body: end });
        peer.socket.end();
        await peer.closed;
        await witness.settled();
        const { command = 0, ...ends } = scene.refusals;
        // only another key ends its connection, and that may come as a worker's as well
        const endings = Object.values(ends).reduce((sum, count) => sum + count, 0);
        const survived = transport.writes.some((bytes) => bytes.includes(end));
        assert.ok(survived || endings > ended, JSON.stringify(frames));
        refused += command > skipped ? 1 : 0;
        skipped = command;
        ended = endings;
        transport.writes.length = 0;
      }),
      { numRuns: 300, interruptAfterTimeLimit: 20_000 },
    );
    // so that both were tried
    assert.ok(refused > 0 && refused < runs, `${refused} of ${runs} were refused`);
  });

  it('random bytes from a stranger end only the stranger’s connection', async (t) => {
    const scene = await InnerScene.create(t, { secretKey: KEY });
    const witness = await scene.client();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 4, maxLength: 200 }), async (bytes) => {
        const peer = await scene.connect();
        peer.write(Buffer.from(bytes));
        peer.socket.end();
        await peer.closed;
        assert.equal(peer.unread, 0);
        await witness.settled();
      }),
      { numRuns: 200, interruptAfterTimeLimit: 20_000 },
    );
  });
});

describe('the inner port: a crowd of strangers', { timeout: 60_000 }, () => {
  it('that says nothing: those that came first have to go, and whoever knows the key gets in', async (t) => {
    const scene = await InnerScene.create(t, { secretKey: KEY });
    const crowd = await Promise.all(Array.from({ length: 1000 }, () => scene.connect()));
    const worker = await scene.nodeWorker();
    const client = await scene.client();
    await client.settled();
    await Promise.race(crowd.map(({ closed }) => closed));
    assert.deepEqual(scene.refusals, { strangers: 1 });
    assert.equal(worker.socket.destroyed, false);
    const [line] = scene.log.filter(({ kind }) => kind === 'inner port: strangers');
    assert.match(line.msg, /1000 others from there have yet to say who they are/);
  });

  it('that sends beginnings: they are kept up to a bound, and whoever knows the key gets in', async (t) => {
    const scene = await InnerScene.create(t, { secretKey: KEY });
    const beginning = Buffer.alloc(60_000);
    beginning.writeUInt32BE(1_000_000);
    const crowd = await Promise.all(Array.from({ length: 200 }, () => scene.connect()));
    const open = new Set(crowd);
    for (const peer of crowd) {
      peer.write(beginning);
      void peer.closed.then(() => open.delete(peer));
    }
    // 4 MiB hold 69 of them
    while (open.size > 69) await turn();
    const client = await scene.client();
    await client.settled();
    assert.equal(open.size, 69);
    assert.deepEqual(scene.refusals, { strangers: 131 });
  });

  it('without a key, a first frame may be as long as any', async (t) => {
    const scene = await InnerScene.create(t);
    const { transport, id } = scene.join();
    const peer = await scene.connect();
    const body = Buffer.alloc(9 * 2 ** 20, 'x');
    peer.send({ command: Command.SEND_TO_ONE, connectionId: id, body });
    await peer.settled();
    await transport.until('the message', () => transport.written.length === body.length + 1);
    assert.deepEqual(scene.refusals, {});
  });

  it('that does not go on with its TLS handshake', async (t) => {
    const cert = readFileSync(fixture('test-only-cert.pem'));
    const tls = { cert, key: readFileSync(fixture('test-only-key.pem')), ca: cert };
    const scene = await InnerScene.create(t, { tls, secretKey: KEY });
    const crowd = await Promise.all(Array.from({ length: 1000 }, () => scene.connect()));
    const { port } = scene.innerPort;
    const socket = connectTls({ port, host: '127.0.0.1', ...tls, checkServerIdentity: () => undefined });
    await once(socket, 'secureConnect');
    const peer = new RawPeer(socket);
    peer.identify(KEY);
    await peer.settled();
    await Promise.race(crowd.map(({ closed }) => closed));
    assert.equal(scene.refusals.strangers, 1);
    socket.destroy();
  });
});

/** The first bytes of a frame of so many. */
function announcing(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}

describe('the inner port: how long a frame may be', () => {
  it('256 MiB for our nodes and for clients who know the key, what a PHP worker may send for others', async (t) => {
    const scene = await InnerScene.create(t, { secretKey: KEY });
    const [node, client, php, stranger] = [
      await scene.nodeWorker(),
      await scene.client(),
      await scene.phpWorker(),
      await scene.connect(),
    ];
    await client.settled();
    for (const peer of [node, client]) peer.write(announcing(2 ** 28));
    php.write(announcing(12 * 2 ** 20));
    stranger.write(announcing(12 * 2 ** 20));
    await Promise.all([php.closed, stranger.closed]);
    const witness = await scene.client();
    await witness.settled();
    assert.deepEqual([node.socket.destroyed, client.socket.destroyed], [false, false]);
    const greedy = await scene.client();
    greedy.write(announcing(2 ** 28 + 1));
    await greedy.closed;
    assert.deepEqual(scene.refusals, { frame: 3 });
  });
});

describe('the inner port: before and after its gateway', () => {
  it('who comes before there is a gateway is served once there is', async (t) => {
    const port = await InnerPort.open({ host: '127.0.0.1', port: 0 });
    const early = await RawPeer.connect(port.port);
    const gone = await RawPeer.connect(port.port);
    gone.socket.resetAndDestroy();
    early.send({ command: Command.IS_ONLINE, connectionId: 1 });
    const scene = await InnerScene.create(t);
    port.serve(scene.gateway);
    assert.equal((await early.nextReply()).toString('latin1', 4), 'i:0;');
    await port.close(1000);
    await early.closed;
  });

  it('is closed when its workers have ended their sides, without the clock moving', async (t) => {
    const scene = await InnerScene.create(t);
    const { timers } = scene.clock;
    const worker = await scene.nodeWorker();
    worker.socket.allowHalfOpen = true;
    let done = false;
    const closed = scene.innerPort.close(1000).then(() => (done = true));
    for (let turns = 0; turns < 5; turns++) await turn();
    assert.equal(done, false);
    worker.socket.end();
    await closed;
    assert.deepEqual([scene.clock.now(), scene.clock.timers], [0, timers]);
  });

  it('does not wait longer than it may for one that does not', async (t) => {
    const scene = await InnerScene.create(t);
    const worker = await scene.nodeWorker();
    worker.socket.allowHalfOpen = true;
    let done = false;
    const closed = scene.innerPort.close(1000).then(() => (done = true));
    scene.clock.advance(999);
    for (let turns = 0; turns < 5; turns++) await turn();
    assert.equal(done, false);
    scene.clock.advance(1);
    await closed;
  });

  it('is closed before it was served', async () => {
    const port = await InnerPort.open({ host: '127.0.0.1', port: 0 });
    const early = await RawPeer.connect(port.port);
    await Promise.all([port.close(1000), port.close(1000)]);
    await early.closed;
  });

  it('says which port cannot be opened', async () => {
    const port = await InnerPort.open({ host: '127.0.0.1', port: 0 });
    await assert.rejects(InnerPort.open({ host: '127.0.0.1', port: port.port }), { code: 'GW_LISTEN' });
    await port.close(0);
  });
});

describe('the inner port: mutual TLS', () => {
  const cert = readFileSync(fixture('test-only-cert.pem'));
  const key = readFileSync(fixture('test-only-key.pem'));
  const tls = { cert, key, ca: cert };

  it('takes who shows a certificate that the authority has signed', async (t) => {
    const scene = await InnerScene.create(t, { tls });
    const { port } = scene.innerPort;
    const socket = connectTls({ port, host: '127.0.0.1', ...tls, checkServerIdentity: () => undefined });
    await once(socket, 'secureConnect');
    const peer = new RawPeer(socket);
    peer.introduce('node-b:0', '', ['node/1']);
    assert.equal((await peer.nextFrame()).command, Command.WORKER_CONNECT);
    peer.send({ command: Command.IS_ONLINE, flags: Flag.REQUEST });
    assert.equal((await peer.nextFrame()).command, Command.REPLY);
    socket.destroy();
  });

  it('refuses, counts and logs who shows none, and who speaks no TLS', async (t) => {
    const scene = await InnerScene.create(t, { tls });
    const { port } = scene.innerPort;
    const anonymous = new RawPeer(connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }));
    anonymous.introduce('node-b:0', '');
    const plain = new RawPeer(connect(port, '127.0.0.1'));
    plain.introduce('node-b:0', '');
    await Promise.all([anonymous.closed, plain.closed]);
    assert.deepEqual(scene.refusals, { tls: 2 });
    assert.match(scene.log[0].remoteAddress ?? '', /^127\.0\.0\.1:\d+$/);
    assert.deepEqual(scene.gateway.peers, []);
  });
});
