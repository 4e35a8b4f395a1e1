import assert from 'node:assert/strict';
import { Socket } from 'node:dgram';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { ListenerOptions } from '#src/gateway/protocols/listener-context.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { open } from './opening.js';
import { UdpPeer } from './peer.js';

async function join(t: TestContext, options: Partial<ListenerOptions> = {}) {
  const { host, listener } = await open(t, 'udp', options);
  const [transport, peer] = await host.join(async () => {
    const udp = await UdpPeer.connect(listener.context.url);
    t.after(() => udp.end());
    udp.write(Buffer.from('hello'));
    return udp;
  });
  await host.until('hello', () => host.messages.length === 1);
  return { host, listener, transport, peer };
}

describe('udp protocol', { timeout: 20_000 }, () => {
  it('gives what is UTF-8 as text, and the rest as bytes', async (t) => {
    const { host, peer } = await join(t);
    peer.write(Buffer.from([0xff]));
    await host.until('bytes', () => host.messages.length === 2);
    assert.deepEqual(
      host.messages.map(({ binary }) => binary),
      [false, true],
    );
  });

  it('forgets a client that is silent for udpIdleTimeout, and takes it in again', async (t) => {
    const clock = new ManualClock();
    const { host, transport, peer } = await join(t, { clock, udpIdleTimeout: 60 });
    clock.advance(59_000);
    peer.write(Buffer.from('still here'));
    await host.until('a second message', () => host.messages.length === 2);
    clock.advance(59_000);
    assert.equal(host.gone.length, 0);
    clock.advance(16_000); // it is looked every quarter of the time
    await host.until('the end', () => host.gone.length === 1);
    assert.deepEqual(host.gone, [transport]);
    peer.write(Buffer.from('back again'));
    await host.until('the client again', () => host.clients.length === 2);
  });

  it('refuses to send what fits no datagram, and keeps the client', async (t) => {
    const { host, transport, peer } = await join(t);
    transport.write(Buffer.alloc(65_508));
    assert.deepEqual([host.refusals.length, host.refusals[0].kind], [1, 'udp send too long']);
    assert.match(host.refusals[0].message, /65508 bytes.*65507/);
    transport.write(Buffer.alloc(65_507));
    assert.equal(transport.bufferedBytes, 65_507);
    await peer.until('the datagram', () => peer.messages.length === 1);
    assert.equal(transport.bufferedBytes, 0);
    assert.deepEqual(host.gone, []);
  });

  it('does not take in what comes without a port, which nothing can be sent to', async (t) => {
    const bound = t.mock.method(Socket.prototype, 'bind');
    const { host, peer } = await join(t);
    const socket = bound.mock.calls[0].this as Socket;
    socket.emit('message', Buffer.from('from nowhere'), { address: '127.0.0.1', port: 0 });
    peer.write(Buffer.from('from somebody'));
    await host.until('the next message', () => host.messages.length === 2);
    assert.deepEqual(
      host.messages.map(({ data }) => String(data)),
      ['hello', 'from somebody'],
    );
    assert.equal(host.clients.length, 1);
  });

  it('goes on, and can be closed, where a datagram cannot even be handed over', async (t) => {
    const { host, listener, transport } = await join(t);
    t.mock.method(Socket.prototype, 'send', () => {
      throw new RangeError('Port should be > 0 and < 65536');
    });
    transport.write(Buffer.from('lost'));
    assert.deepEqual([host.refusals[0].kind, host.refusals[0].remoteAddress], ['udp send', '127.0.0.1']);
    assert.equal(transport.bufferedBytes, 0);
    await listener.close();
  });

  it('closes its clients with the port, once what was written is out', async (t) => {
    const clock = new ManualClock();
    const { host, listener, transport, peer } = await join(t, { clock });
    transport.write(Buffer.from('goodbye'));
    await listener.close();
    await peer.until('the last datagram', () => peer.messages.length === 1);
    assert.deepEqual(peer.messages.map(String), ['goodbye']);
    assert.deepEqual(host.gone, [transport]);
    assert.equal(clock.timers, 0);
  });

  it('is closed when the last datagram is with the operating system, and not before', async (t) => {
    const { host, listener, transport } = await join(t);
    let sent!: () => void;
    t.mock.method(Socket.prototype, 'send', (...args: unknown[]) => (sent = args.at(-1) as () => void));
    transport.write(Buffer.from('goodbye'));
    const order: string[] = [];
    const closed = [listener.close(), listener.close()].map((each) => each.then(() => order.push('closed')));
    for (let turns = 0; turns < 5; turns++) await turn();
    order.push('sent');
    sent();
    await Promise.all(closed);
    assert.deepEqual(order, ['sent', 'closed', 'closed']);
    assert.deepEqual(host.gone, [transport]);
  });

  it('has freed its port when it is closed', async (t) => {
    for (let round = 0, url = 'udp://127.0.0.1:0'; round < 3; round++) {
      const { listener } = await open(t, 'udp', { url });
      ({ url } = listener.context);
      await listener.close();
    }
  });

  it('tells that one write is one message', async (t) => {
    const { transport } = await join(t);
    assert.equal(transport.protocol.datagrams, true);
  });
});
