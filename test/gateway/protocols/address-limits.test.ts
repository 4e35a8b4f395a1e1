import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { describe, it } from 'node:test';
import { AddressLimits, networkOf } from '#src/gateway/protocols/address-limits.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { GatewayScene } from '../../support/gateway-scene.js';
import { SeededRandom } from '../../support/random.js';
import { ws } from './formats.js';
import { dial, exchange, rest } from './http-peer.js';
import { open } from './opening.js';

const A = '203.0.113.7';
const B = '203.0.113.8';
const HANDSHAKE = String(ws.handshake);

describe('the limits of an address', () => {
  it('are those of an IPv4 address, and of a /64 of IPv6', () => {
    for (const [address, network] of [
      ['203.0.113.7', '203.0.113.7'],
      ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
      ['2001:db8:1:2::6', '2001:db8:1:2'],
      ['2001:db8::6', '2001:db8:0:0'],
      ['2001:db8::3:4:5:6:7', '2001:db8:0:3'],
      ['::1', '0:0:0:0'],
      ['1::', '1:0:0:0'],
      ['64:ff9b::203.0.113.7', '64:ff9b:0:0'],
      ['', ''],
    ] as const) {
      assert.equal(networkOf(address), network, address);
    }
  });

  it('let so many in at once, and one more when one is gone', () => {
    const limits = new AddressLimits({ maxConnectionsPerAddress: 2 }, new ManualClock());
    for (const address of [A, '2001:db8::1']) {
      for (let n = 0; n < 2; n++) {
        assert.equal(limits.admit(address), 'welcome');
        limits.entered(address);
      }
      assert.equal(limits.admit(address), 'crowded');
    }
    assert.equal(limits.admit('2001:db8::2'), 'crowded');
    assert.equal(limits.admit('2001:db8:0:1::1'), 'welcome');
    assert.equal(limits.admit(B), 'welcome');
    limits.left(A);
    assert.equal(limits.admit(A), 'welcome');
    assert.equal(limits.admit(''), 'welcome', 'a unix socket has no address');
  });

  it('let so many in within a second, and those that are turned away do not count', () => {
    const clock = new ManualClock();
    const limits = new AddressLimits({ newConnectionsPerAddress: 5 }, clock);
    const come = (address: string): number =>
      Array.from({ length: 20 }, () => limits.admit(address)).filter((word) => word === 'welcome').length;
    assert.deepEqual([come(A), come(B), come(A)], [5, 5, 0]);
    clock.advance(200);
    assert.equal(come(A), 1);
    clock.advance(1000);
    assert.equal(come(A), 5);
  });

  it('take no more memory than for 65,536 addresses, however many come', () => {
    const clock = new ManualClock();
    const limits = new AddressLimits({ newConnectionsPerAddress: 1 }, clock);
    const random = new SeededRandom(7);
    const first = '10.0.0.1';
    assert.equal(limits.admit(first), 'welcome');
    assert.equal(limits.admit(first), 'hurried');
    for (let n = 0; n < 100_000; n++) limits.admit(`1.${n % 256}.${n >>> 8}.${random.below(256)}`);
    assert.equal(limits.admit(first), 'welcome', 'it is forgotten');
  });
});

describe('a listener with limits of an address', { timeout: 20_000 }, () => {
  it('ws: answers a handshake above them with 429, and says in the log what to set', async (t) => {
    const clock = new ManualClock();
    const { host, listener } = await open(t, 'ws', { newConnectionsPerAddress: 1, clock });
    const socket = await dial(listener.context.url);
    t.after(() => socket.destroy());
    await host.join(async () => {
      socket.write(HANDSHAKE);
      return await Promise.resolve();
    });
    const answer = await exchange(listener.context.url, HANDSHAKE);
    assert.deepEqual([answer.status, answer.headers['retry-after']], [429, '1']);
    const [{ kind, remoteAddress, message }] = host.refusals;
    assert.deepEqual([kind, remoteAddress], ['new connections per address', '127.0.0.1']);
    assert.match(message, /newConnectionsPerAddress/);
    assert.match(message, new RegExp(listener.context.url));
    // plain requests are no clients
    const page = await exchange(
      listener.context.url,
      'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    assert.equal(page.status, 200);
  });

  for (const scheme of ['ws', 'text', 'frame', 'tcp'] as const) {
    it(`${scheme}: lets one more in when one is gone`, async (t) => {
      const scene = await GatewayScene.create(t, {
        listen: [{ url: `${scheme}://127.0.0.1:0`, maxConnectionsPerAddress: 2 }],
      });
      scene.addWorker();
      const [url] = scene.gateway.listeners;
      const come = async () => {
        const socket = await dial(url);
        t.after(() => socket.destroy());
        if (scheme === 'ws') socket.write(HANDSHAKE);
        return socket;
      };
      const { directory, counters } = scene.gateway;
      const size = async (expected: number): Promise<void> => {
        while (directory.size !== expected) await new Promise<void>((resolve) => void setImmediate(resolve));
      };
      const [first] = [await come(), await come()];
      await size(2);
      const refused = (await rest(await come())).toString();
      assert.match(refused, scheme === 'ws' ? /^HTTP\/1\.1 429 / : /^$/);
      assert.deepEqual([...counters.refusals], [['connections per address', 1]]);
      first.resetAndDestroy();
      await size(1);
      await come();
      await size(2);
    });
  }

  it('udp: takes no further peer of the address', async (t) => {
    const { host, listener } = await open(t, 'udp', {
      newConnectionsPerAddress: 1,
      clock: new ManualClock(),
    });
    const sockets = [createSocket('udp4'), createSocket('udp4')];
    t.after(() => sockets.forEach((socket) => socket.close()));
    const port = listener.context.port;
    sockets[0].send('hello', port, '127.0.0.1');
    await host.until('a client', () => host.clients.length === 1);
    sockets[1].send('hello', port, '127.0.0.1');
    await host.until('the refusal', () => host.refusals.length === 1);
    sockets[0].send('again', port, '127.0.0.1');
    await host.until('a message', () => host.messages.length === 2);
    assert.equal(host.clients.length, 1);
  });
});
