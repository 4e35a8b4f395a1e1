import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { readInnerTls } from '#src/net/inner-socket.js';
import { RegisterServer } from '#src/register/register-server.js';
import { MAX_REGISTER_REQUEST } from '#src/wire/register-line.js';
import { fixture } from '../support/fixtures.js';
import { LIMIT } from '../support/inbox.js';
import {
  broadcast,
  gatewayConnect,
  RegisterScene,
  SECRET_KEY,
  until,
  workerConnect,
} from '../support/register-scene.js';

interface Step {
  readonly conn: string;
  readonly dir: '>' | '<';
  readonly hex: string;
}

describe('a Register', () => {
  it('answers as the one of GatewayWorker 4.0 did, byte for byte', async (test) => {
    const scene = await RegisterScene.open(test);
    const recording = readFileSync(fixture('gatewayworker-transcript.json'), 'utf8');
    const { steps }: { steps: { traffic: Step[] }[] } = JSON.parse(recording);
    const traffic = steps.flatMap((step) => step.traffic).filter(({ conn }) => conn.startsWith('register#'));
    const sockets = new Map<string, Socket>();
    test.after(() => sockets.forEach((socket) => socket.destroy()));
    for (const { conn, dir, hex } of traffic) {
      const socket = sockets.get(conn) ?? connect(scene.server.port, '127.0.0.1');
      sockets.set(conn, socket);
      const bytes = Buffer.from(hex, 'hex');
      if (dir === '>') socket.write(bytes);
      else assert.deepEqual(await read(socket, bytes.length), bytes);
    }
    assert.equal(sockets.size, 33, 'a worker, a gateway, and a GatewayClient many times');
  });

  it('tells workers whenever a gateway comes or goes', async (test) => {
    const scene = await RegisterScene.open(test);
    const early = await scene.worker();
    assert.equal(await early.next(), broadcast());
    const first = await scene.gateway('10.0.0.1:2900');
    assert.equal(await early.next(), broadcast('10.0.0.1:2900'));
    const second = await scene.gateway('node-b:2900');
    assert.equal(await early.next(), broadcast('10.0.0.1:2900', 'node-b:2900'));
    const late = await scene.worker();
    assert.equal(await late.next(), broadcast('10.0.0.1:2900', 'node-b:2900'));
    assert.deepEqual(scene.server.gateways, ['10.0.0.1:2900', 'node-b:2900']);
    assert.equal(scene.server.workers, 2);
    first.socket.resetAndDestroy();
    for (const worker of [early, late]) assert.equal(await worker.next(), broadcast('node-b:2900'));
    await second.close();
    for (const worker of [early, late]) assert.equal(await worker.next(), broadcast());
  });

  it('keeps an address that two announce until both are gone', async (test) => {
    const scene = await RegisterScene.open(test);
    const worker = await scene.worker();
    await worker.next();
    const one = await scene.gateway('10.0.0.1:2900');
    assert.equal(await worker.next(), broadcast('10.0.0.1:2900'));
    const other = await scene.gateway('10.0.0.1:2900');
    assert.equal(await worker.next(), broadcast('10.0.0.1:2900'));
    await one.close();
    assert.equal(await worker.next(), broadcast('10.0.0.1:2900'));
    await other.close();
    assert.equal(await worker.next(), broadcast());
    assert.deepEqual(scene.log.warnings, [], 'from one machine: a connection that took the place of another');
  });

  it('warns of two machines that announce one address', async (test) => {
    const scene = await RegisterScene.open(test);
    await scene.gateway('127.0.0.9:2900');
    const other = connect({ port: scene.server.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    test.after(() => other.destroy());
    other.write(`${gatewayConnect('127.0.0.9:2900')}\n`);
    await until(() => scene.log.warnings.length > 0, 'it warned');
    assert.deepEqual(scene.log.warnings, [
      'Gateways on 127.0.0.1 and 127.0.0.2 both announce 127.0.0.9:2900: set lanIp of each to its own address.',
    ]);
  });

  it('makes one broadcast of what happens in one turn', async (test) => {
    const scene = await RegisterScene.open(test);
    const worker = await scene.worker();
    await worker.next();
    const gateway = await scene.peer();
    gateway.send([1, 2, 3].map((port) => gatewayConnect(`10.0.0.1:${port}`)).join('\n'));
    assert.equal(await worker.next(), broadcast('10.0.0.1:3'));
    await gateway.close();
    assert.equal(await worker.next(), broadcast());
  });

  it('serves a GatewayClient, which asks, reads one line and hangs up', async (test) => {
    const scene = await RegisterScene.open(test);
    await scene.gateway('10.0.0.1:2900');
    await until(() => scene.server.gateways.length === 1, 'the gateway was known');
    const client = await scene.worker();
    assert.equal(await client.next(), broadcast('10.0.0.1:2900'));
    await client.close();
    await until(() => scene.server.workers === 0, 'the client was forgotten');
  });

  it('answers a worker each time it asks: that is how our nodes see that it lives', async (test) => {
    const scene = await RegisterScene.open(test);
    const node = await scene.gateway('10.0.0.1:2900');
    node.send(workerConnect());
    assert.equal(await node.next(), broadcast('10.0.0.1:2900'));
    node.send(workerConnect());
    assert.equal(await node.next(), broadcast('10.0.0.1:2900'));
    assert.equal(scene.server.workers, 1);
  });

  it('sends the newest list, and no other, to a worker that did not read for a while', async (test) => {
    const scene = await RegisterScene.open(test);
    const host = 'g'.repeat(240);
    const gateways = await Promise.all(
      Array.from({ length: 300 }, (_, i) => scene.gateway(`${host}:${i + 1}`)),
    );
    await until(() => scene.server.gateways.length === 300, 'all gateways were known');
    const [reads, stalls] = [await scene.worker(), await scene.worker()];
    const whole = await reads.next();
    assert.equal(await stalls.next(), whole);
    stalls.socket.pause();
    // far more than the buffers of two sockets hold
    const rounds = 300;
    for (let round = 1; round <= rounds; round++) {
      gateways[round % gateways.length].send(gatewayConnect(`moved:${round}`));
      await reads.next();
    }
    const newest = scene.server.gateways;
    stalls.socket.resume();
    let lists = 0;
    for (;;) {
      lists++;
      const { addresses }: { addresses: string[] } = JSON.parse(await stalls.next());
      if (addresses.includes(`moved:${rounds}`)) {
        assert.deepEqual(addresses, newest);
        break;
      }
    }
    assert.ok(lists < rounds, `${lists} lists`);
  });

  it('closes every connection, and more than once', async (test) => {
    const scene = await RegisterScene.open(test);
    const worker = await scene.worker();
    await worker.next();
    await scene.gateway('10.0.0.1:2900');
    await worker.next();
    await Promise.all([scene.server.close(), scene.server.close(), worker.closed]);
    assert.equal(scene.clock.timers, 0);
  });

  it('says which address is taken', async (test) => {
    const { server, clock, log } = await RegisterScene.open(test);
    await assert.rejects(
      RegisterServer.open({ listen: server.address, secretKey: '', clock, log: log.logger }),
      {
        code: 'GW_LISTEN',
        message: new RegExp(
          `^Cannot listen on ${server.address} \\(register\\.listen\\): .*The port is in use`,
        ),
      },
    );
  });
});

describe('what a Register closes, counts and logs, while others notice nothing', () => {
  const garbage: ReadonlyArray<readonly [title: string, bytes: string | Buffer]> = [
    ['an empty line', '\n'],
    ['HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['bytes', Buffer.from([0, 0xff, 0xfe, 0x0a])],
    [
      'a frame of the inner port',
      Buffer.from('0000001cc9000000000000000000000000000000000000000000000a', 'hex'),
    ],
    ['a list', '[1]\n'],
    ['a serialized object', 'O:8:"stdClass":0:{}\n'],
    ['an event that is none', '{"event":"gateway_disconnect"}\n'],
    ['an event for workers', `${broadcast('10.0.0.1:1')}\n`],
    ['no address', `{"event":"gateway_connect","secret_key":"${SECRET_KEY}"}\n`],
    ['an address without port', `${gatewayConnect('10.0.0.1')}\n`],
    [
      'an address that is a list',
      `{"event":"gateway_connect","address":["a:1"],"secret_key":"${SECRET_KEY}"}\n`,
    ],
    ['a key that is no string', '{"event":"worker_connect","secret_key":{"a":1}}\n'],
    ['a line that is too long', `${workerConnect().padEnd(MAX_REGISTER_REQUEST + 1)}\n`],
    ['a line without end', ' '.repeat(MAX_REGISTER_REQUEST + 1)],
  ];
  for (const [title, bytes] of garbage) {
    it(title, async (test) => {
      const scene = await RegisterScene.open(test);
      const worker = await scene.worker();
      await worker.next();
      // from a stranger, and from one who had introduced himself
      const [stranger, gateway] = [await scene.peer(), await scene.gateway('10.0.0.1:2900')];
      assert.equal(await worker.next(), broadcast('10.0.0.1:2900'));
      stranger.socket.write(bytes);
      gateway.socket.write(bytes);
      await Promise.all([stranger.closed, gateway.closed]);
      assert.equal(await worker.next(), broadcast());
      assert.deepEqual([...scene.server.refusals], [['bad-line', 2]]);
      assert.equal(scene.log.warnings.length, 1, 'one line a minute');
      assert.match(scene.log.warnings[0], /closed a connection from 127\.0\.0\.1, which sent /);
      assert.ok(!scene.log.warnings[0].includes(SECRET_KEY));
      await scene.gateway('10.0.0.2:2900');
      assert.equal(await worker.next(), broadcast('10.0.0.2:2900'));
    });
  }

  for (const key of ['', 'S3cret', 's3cret ', 's3cre']) {
    it(`the wrong key ${JSON.stringify(key)}`, async (test) => {
      const scene = await RegisterScene.open(test);
      for (const line of [gatewayConnect('10.0.0.1:2900', key), workerConnect(key)]) {
        const peer = await scene.peer();
        peer.send(line);
        await peer.closed;
        await assert.rejects(peer.next(), /closed/, 'nothing was answered');
      }
      assert.deepEqual(scene.server.gateways, []);
      assert.deepEqual([...scene.server.refusals], [['wrong-key', 2]]);
      const [{ kind, remoteAddress, msg }] = scene.log.lines;
      assert.deepEqual([kind, remoteAddress], ['register-wrong-key', '127.0.0.1']);
      assert.match(msg, /cluster\.secretKey/);
      assert.ok(!msg.includes(SECRET_KEY) && (key === '' || !msg.includes(key)));
    });
  }

  it('any key, where there should be none', async (test) => {
    const scene = await RegisterScene.open(test, { secretKey: '' });
    const [right, wrong] = [await scene.peer(), await scene.peer()];
    right.send('{"event":"worker_connect"}');
    assert.equal(await right.next(), broadcast());
    wrong.send(workerConnect('x'));
    await wrong.closed;
  });

  it('somebody who never says who he is, byte by byte or with pings', async (test) => {
    const scene = await RegisterScene.open(test);
    const [slow, pings, mute] = [await scene.peer(), await scene.peer(), await scene.peer()];
    await until(() => scene.clock.timers === 3, 'all were accepted');
    slow.socket.write('{"event":');
    pings.send('{"event":"ping"}');
    const worker = await scene.worker();
    await worker.next();
    scene.clock.advance(9_999);
    assert.equal(scene.server.refusals.size, 0);
    scene.clock.advance(1);
    await Promise.all([slow.closed, pings.closed, mute.closed]);
    assert.deepEqual([...scene.server.refusals], [['introduction-timeout', 3]]);
    await scene.gateway('10.0.0.1:2900');
    assert.equal(await worker.next(), broadcast('10.0.0.1:2900'), 'who did say is still there');
  });

  it('a peer whose pings stop; one that never pinged stays, as PHP peers of the same machine do', async (test) => {
    const scene = await RegisterScene.open(test);
    const [gateway, local] = [await scene.gateway('10.0.0.1:2900'), await scene.gateway('127.0.0.1:2900')];
    await until(() => scene.server.gateways.length === 2, 'both had announced themselves');
    for (let beat = 0; beat < 4; beat++) {
      scene.clock.advance(70_000);
      gateway.send('{"event":"ping"}');
      // an answer to what comes after the ping shows that it was read
      gateway.send(workerConnect());
      await gateway.next();
    }
    scene.clock.advance(75_000);
    await gateway.closed;
    assert.deepEqual([...scene.server.refusals], [['silent', 1]]);
    local.send(workerConnect());
    assert.equal(await local.next(), broadcast('127.0.0.1:2900'));
  });

  it('a flood of lines', async (test) => {
    const scene = await RegisterScene.open(test);
    const worker = await scene.worker();
    await worker.next();
    const flood = await scene.gateway('10.0.0.1:2900');
    assert.equal(await worker.next(), broadcast('10.0.0.1:2900'));
    flood.send(Array(99).fill('{"event":"ping"}').join('\n'));
    scene.clock.advance(1);
    flood.send('{"event":"ping"}');
    await flood.closed;
    assert.deepEqual([...scene.server.refusals], [['flood', 1]]);
    assert.equal(await worker.next(), broadcast());
  });

  it('of a crowd of strangers those that came first, for whoever says who he is', async (test) => {
    const scene = await RegisterScene.open(test);
    const crowd = await Promise.all(Array.from({ length: 1000 }, () => scene.peer()));
    await until(() => scene.clock.timers === 1000, 'all were accepted');
    const worker = await scene.worker();
    assert.equal(await worker.next(), broadcast(), 'it got in, from the same address');
    await Promise.race(crowd.map(({ closed }) => closed));
    assert.deepEqual([...scene.server.refusals], [['too-many-strangers', 1]]);
    assert.match(
      scene.log.warnings[0],
      /from 127\.0\.0\.1, which had to go: 1000 others from there have yet/,
    );
    // and who has said it stays, whoever comes after
    const more = await Promise.all(Array.from({ length: 50 }, () => scene.peer()));
    await until(() => scene.server.refusals.get('too-many-strangers') === 50, 'more had to go');
    await scene.gateway('10.0.0.1:2900');
    assert.equal(await worker.next(), broadcast('10.0.0.1:2900'));
    assert.equal(scene.log.warnings.length, 1, 'one line a minute');
    scene.clock.advance(10_000);
    await Promise.all([...crowd, ...more].map(({ closed }) => closed));
    worker.send(workerConnect());
    assert.equal(await worker.next(), broadcast('10.0.0.1:2900'));
  });

  it('a peer without TLS, where there is TLS; one that stops in the handshake does not hold up the end', async (test) => {
    const cert = fixture('test-only-cert.pem');
    const tls = readInnerTls({ cert, key: fixture('test-only-key.pem'), ca: cert });
    const scene = await RegisterScene.open(test, { tls });
    const plain = await scene.worker();
    await plain.closed;
    await until(() => scene.server.refusals.has('tls'), 'it was counted');
    assert.match(scene.log.warnings[0], /from 127\.0\.0\.1, which failed the TLS handshake/);
    const mute = await scene.peer();
    await Promise.all([scene.server.close(), mute.closed]);
  });
});

/** The next bytes of a socket. */
async function read(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const bytes: Buffer | null = socket.read(length);
    if (bytes !== null) return bytes;
    await once(socket, 'readable', { signal: AbortSignal.timeout(LIMIT) });
  }
}
