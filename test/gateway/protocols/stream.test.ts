import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { ListenerOptions } from '#src/gateway/protocols/listener-context.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { tcp } from './formats.js';
import { open } from './opening.js';
import { StreamPeer } from './peer.js';

/** A client that sends and sees bytes, whatever the protocol. */
async function join(t: TestContext, scheme: string, options: Partial<ListenerOptions> = {}) {
  const { host, listener } = await open(t, scheme, options);
  const [transport, peer] = await host.join(() => StreamPeer.connect(listener.context.url, tcp));
  t.after(() => peer.destroy());
  return { host, transport, peer };
}

describe('text protocol', { timeout: 20_000 }, () => {
  it('strips every \\r at the end of a line, as Workerman does, and none within', async (t) => {
    const { host, transport, peer } = await join(t, 'text');
    peer.write(Buffer.from('a\r\nb\r\r\nc\rd\n\r\n'));
    await host.until('the lines', () => host.messages.length === 4);
    assert.deepEqual(host.from(transport).map(String), ['a', 'b', 'c\rd', '']);
  });

  it('passes on what is no UTF-8, as text', async (t) => {
    const { host, transport, peer } = await join(t, 'text');
    peer.write(Buffer.from([0xff, 0x0a]));
    await host.until('the line', () => host.messages.length === 1);
    assert.deepEqual(host.messages, [{ transport, data: Buffer.from([0xff]), binary: false }]);
  });

  it('refuses a line as soon as it is too long, without waiting for its end', async (t) => {
    const { host, peer } = await join(t, 'text', { maxPackageSize: 1_000 });
    peer.write(Buffer.alloc(1_000, 'x'));
    await host.until('the end', () => host.gone.length === 1);
    assert.equal(host.refusals[0].kind, 'text too long');
    assert.match(host.refusals[0].message, /more than 1000 bytes; maxPackageSize is 1000/);
  });
});

describe('frame protocol', { timeout: 20_000 }, () => {
  for (const [kind, length] of [
    ['frame length', 0],
    ['frame length', 3],
    ['frame too long', 1_001],
    ['frame too long', 0xffffffff],
  ] as const) {
    it(`refuses a length of ${length} at once`, async (t) => {
      const { host, peer } = await join(t, 'frame', { maxPackageSize: 1_000 });
      const header = Buffer.alloc(4);
      header.writeUInt32BE(length);
      peer.write(header);
      await host.until('the end', () => host.gone.length === 1);
      assert.deepEqual([host.refusals.length, host.refusals[0].kind], [1, kind]);
      assert.ok(host.refusals[0].message.includes(String(length)));
    });
  }
});

for (const [scheme, header] of [
  ['frame', [0, 0, 0, 6]],
  ['tcp', []],
] as const) {
  describe(`${scheme} protocol`, () => {
    it('gives what is UTF-8 as text, and the rest as bytes', async (t) => {
      const { host, transport, peer } = await join(t, scheme);
      peer.write(Buffer.from([...header, 0xc3, 0xa4]));
      await host.until('text', () => host.messages.length === 1);
      peer.write(Buffer.from([...header, 0xc3, 0xc3]));
      await host.until('bytes', () => host.messages.length === 2);
      assert.deepEqual(host.messages, [
        { transport, data: Buffer.from('ä'), binary: false },
        { transport, data: Buffer.from([0xc3, 0xc3]), binary: true },
      ]);
    });
  });
}

describe('tcp protocol', { timeout: 20_000 }, () => {
  it('gives a long chunk in pieces', async (t) => {
    const { host, transport, peer } = await join(t, 'tcp', { maxPackageSize: 1_000 });
    peer.write(Buffer.alloc(2_500, 'x'));
    await host.until('all of it', () => Buffer.concat(host.from(transport)).length === 2_500);
    assert.ok(host.from(transport).every(({ length }) => length <= 1_000));
    assert.deepEqual(host.refusals, []);
  });
});

const resetting = `
const { connect } = require('node:net');
const { workerData: { hostname, port, done } } = require('node:worker_threads');
const socket = connect(Number(port), hostname, () => {
  socket.on('close', () => {
    Atomics.store(done, 0, 1);
    Atomics.notify(done, 0);
  });
  socket.resetAndDestroy();
});
`;

describe('a stream client whose connection is reset before it is accepted', { timeout: 20_000 }, () => {
  it('comes and goes, without an address', async (t) => {
    const { host, listener } = await open(t, 'text');
    const { hostname, port } = new URL(listener.context.url);
    const done = new Int32Array(new SharedArrayBuffer(4));
    const client = new Worker(resetting, { eval: true, workerData: { hostname, port, done } });
    // this thread accepts nobody meanwhile
    assert.notEqual(Atomics.wait(done, 0, 0, 5_000), 'timed-out');
    await host.until('the end', () => host.gone.length === 1);
    assert.deepEqual(host.clients, host.gone);
    assert.equal(host.clients[0].remoteAddress, '');
    await client.terminate();
  });
});

describe('a stream client that we close', { timeout: 20_000 }, () => {
  it('is given time to take what was written, and no more', async (t) => {
    const clock = new ManualClock();
    const { host, transport, peer } = await join(t, 'text', { clock });
    peer.stopReading();
    transport.write(Buffer.alloc(16 * 1024 * 1024));
    transport.close();
    clock.advance(4_999);
    assert.ok(transport.bufferedBytes > 0);
    clock.advance(1);
    await host.until('the end', () => host.gone.length === 1);
  });

  it('leaves no timer when it goes by itself', async (t) => {
    const clock = new ManualClock();
    const { host, transport } = await join(t, 'text', { clock });
    transport.close();
    await host.until('the end', () => host.gone.length === 1);
    assert.equal(clock.timers, 0);
  });
});

describe('a port that cannot be opened', { timeout: 20_000 }, () => {
  it('is named, with the cause', async (t) => {
    await assert.rejects(open(t, 'text', { url: 'text://203.0.113.1:1234' }), {
      code: 'GW_LISTEN',
      message:
        /^Cannot listen on text:\/\/203\.0\.113\.1:1234 \(gateway\.listen\): .*EADDRNOTAVAIL.*0\.0\.0\.0/,
    });
  });

  it('is named, with what a url looks like', async (t) => {
    await assert.rejects(open(t, 'text', { url: 'text://nowhere' }), {
      code: 'GW_LISTEN',
      message: /text:\/\/nowhere.*scheme:\/\/host:port/,
    });
  });
});
