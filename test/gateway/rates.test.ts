import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { describe, it, type TestContext } from 'node:test';
import type { ListenerConfig } from '#src/config/schema.js';
import { ClientRecord } from '#src/gateway/client-record.js';
import { type Rate, Rates } from '#src/gateway/rates.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { FakeTransport } from '../support/fake-transport.js';
import { type FakeWorker, GatewayScene } from '../support/gateway-scene.js';
import { WsClient } from '../support/ws-client.js';
import { frame, tcp, text, ws } from './protocols/formats.js';
import { StreamPeer } from './protocols/peer.js';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const MANY = 1000;

/** Clients with a rate, of whom it is written down what becomes. */
class RateScene {
  readonly clock = new ManualClock();
  readonly held = new Set<ClientRecord>();
  readonly rates: Rates;
  readonly #rate: Rate;

  constructor(rate: Partial<Rate>) {
    this.#rate = { per: 1, burst: 1, policy: 'pause', ...rate };
    this.rates = new Rates(this.clock, {
      hold: (client) => void this.held.add(client),
      release: (client) => void this.held.delete(client),
      exceeded() {},
      dropped() {},
    });
  }

  /** @returns how many it could say before it was read no further, or one was too much */
  say(client: ClientRecord, count: number, bytes = 1): number {
    let said = 0;
    while (said < count && !this.held.has(client) && this.rates.admits(client, this.#rate, bytes)) said++;
    return said;
  }
}

function join(): ClientRecord {
  return new ClientRecord(1, new FakeTransport(), 1);
}

describe('the rate of a client', () => {
  it('lets as many messages through as it says, and one more each time that the time for one has passed', () => {
    const scene = new RateScene({ messages: 10 });
    const client = join();
    assert.equal(scene.say(client, MANY), 10);
    scene.clock.advance(99);
    assert.equal(scene.say(client, MANY), 0);
    for (let n = 0; n < 20; n++) {
      scene.clock.advance(n === 0 ? 1 : 100);
      assert.equal(scene.say(client, MANY), 1, `message ${n}`);
    }
    scene.clock.advance(HOUR);
    assert.equal(scene.say(client, MANY), 10, 'who was silent for long may say no more at once');
  });

  it('lets as many times more through at once as burst says, and no more over a long time', () => {
    const scene = new RateScene({ messages: 10, per: 60, burst: 3 });
    const client = join();
    assert.equal(scene.say(client, MANY), 30);
    let said = 0;
    for (let minute = 0; minute < 600; minute++) {
      scene.clock.advance(6 * SECOND);
      said += scene.say(client, MANY);
    }
    assert.equal(said, 600);
  });

  it('counts bytes, and a message of more than all of them has to be made up for', () => {
    const scene = new RateScene({ bytes: 1000 });
    const client = join();
    assert.equal(scene.say(client, MANY, 100), 10);
    scene.clock.advance(SECOND);
    assert.equal(scene.say(client, 1, 5000), 1);
    scene.clock.advance(4000);
    assert.equal(scene.say(client, 1), 0);
    scene.clock.advance(1);
    assert.equal(scene.say(client, 1), 1);
  });

  it('counts messages and bytes each for itself: the one that is reached first holds', () => {
    const scene = new RateScene({ messages: 10, bytes: 1000 });
    assert.equal(scene.say(join(), MANY, 10), 10);
    assert.equal(scene.say(join(), MANY, 500), 2);
  });

  it('is each client’s own, with one timer for all that wait, and none when nobody does', () => {
    const scene = new RateScene({ messages: 1, per: 10 });
    const clients = Array.from({ length: MANY }, join);
    for (const client of clients) {
      assert.equal(scene.say(client, MANY), 1);
      scene.clock.advance(1);
    }
    assert.deepEqual([scene.held.size, scene.clock.timers], [MANY, 1]);
    scene.clock.advance(9 * SECOND + 100);
    assert.ok(scene.held.size < MANY && scene.held.size > 0);
    for (const client of clients.slice(-10)) scene.rates.forget(client);
    scene.clock.advance(10 * SECOND);
    assert.deepEqual([scene.held.size, scene.clock.timers], [10, 0], 'who is gone is not released');
  });

  it('with policy "close" says which message is the first that is too much', () => {
    const scene = new RateScene({ messages: 5, policy: 'close' });
    const client = join();
    assert.equal(scene.say(client, MANY), 5);
    assert.deepEqual([scene.held.size, scene.clock.timers], [0, 0]);
  });
});

const FORMATS = { text, frame, tcp, ws };

async function listening(t: TestContext, scheme: string, options: Partial<ListenerConfig>) {
  const scene = await GatewayScene.create(t, {
    pingInterval: 0,
    udpIdleTimeout: 3600,
    listen: [{ url: `${scheme}://127.0.0.1:0`, ...options }],
  });
  const worker = scene.addWorker();
  return { scene, worker, url: scene.gateway.listeners[0] };
}

/** What the worker has been told that clients said. */
function heard(worker: FakeWorker): number[] {
  return worker.events.flatMap((event) => {
    const [command, , body] = event.split(' ');
    return command === 'ON_MESSAGE' ? [Number(body)] : [];
  });
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n);

describe('a listener with a rate', { timeout: 20_000 }, () => {
  for (const scheme of ['text', 'frame', 'ws'] as const) {
    it(`${scheme}: reads a client that sends more when it may again, and loses nothing`, async (t) => {
      const rate = { messages: 5, per: 1, burst: 1, policy: 'pause' } as const;
      const { scene, worker, url } = await listening(t, scheme, { rate });
      const peer = await StreamPeer.connect(url, FORMATS[scheme]);
      t.after(() => peer.destroy());
      const other = await StreamPeer.connect(url, FORMATS[scheme]);
      t.after(() => other.destroy());
      for (const n of numbers(0, 20)) peer.write(peer.pack(Buffer.from(`${n}`)));
      await worker.until('the first five', () => heard(worker).length === 5);
      other.write(other.pack(Buffer.from('100')));
      await worker.until('another’s', () => heard(worker).includes(100));
      for (let n = 5; n < 20; n++) {
        assert.equal(heard(worker).length, n + 1);
        scene.clock.advance(200);
        await worker.until('the next', () => heard(worker).length === n + 2);
      }
      assert.deepEqual(
        heard(worker).filter((n) => n < 100),
        numbers(0, 20),
      );
      const { refusals } = scene.gateway.counters;
      assert.deepEqual([...refusals.keys()], ['rate pause']);
    });
  }

  it('tcp: counts bytes, where there are no messages', async (t) => {
    const rate = { bytes: 1000, per: 1, burst: 1, policy: 'pause' } as const;
    const { scene, worker, url } = await listening(t, 'tcp', { rate });
    const peer = await StreamPeer.connect(url, FORMATS.tcp);
    t.after(() => peer.destroy());
    peer.write(Buffer.alloc(1000, 'x'));
    await worker.until('it', () => worker.events.length === 2);
    await peer.flush(Buffer.from('more'));
    scene.clock.advance(20);
    await worker.until('more', () => worker.events.some((event) => event.endsWith('more')));
    assert.deepEqual([...scene.gateway.counters.refusals.keys()], ['rate pause']);
  });

  it('ws: closes a client that sends more with 1008, where its policy is "close"', async (t) => {
    const rate = { messages: 5, per: 1, burst: 1, policy: 'close' } as const;
    const { scene, worker, url } = await listening(t, 'ws', { rate });
    const client = await WsClient.connect(url);
    for (const n of numbers(0, 20)) client.send(`${n}`);
    assert.deepEqual(await client.closed, { code: 1008, reason: 'too many messages' });
    await worker.until('its end', () => worker.events.some((event) => event.startsWith('ON_CLOSE')));
    assert.deepEqual(heard(worker), numbers(0, 5));
    assert.equal(scene.gateway.counters.refusals.get('rate close'), 1);
  });

  it('text: closes it, and that is all', async (t) => {
    const rate = { messages: 5, per: 1, burst: 1, policy: 'close' } as const;
    const { worker, url } = await listening(t, 'text', { rate });
    const peer = await StreamPeer.connect(url, text);
    for (const n of numbers(0, 20)) peer.write(peer.pack(Buffer.from(`${n}`)));
    await peer.until('the end', () => peer.closed || peer.ended);
    peer.end();
    await worker.until('its end', () => worker.events.some((event) => event.startsWith('ON_CLOSE')));
    assert.deepEqual(heard(worker), numbers(0, 5));
  });

  it('udp: drops and counts what is too much, since nobody can be paused', async (t) => {
    const rate = { messages: 5, per: 1, burst: 1, policy: 'pause' } as const;
    const { scene, worker, url } = await listening(t, 'udp', { rate });
    const socket = createSocket('udp4');
    t.after(() => socket.close());
    const port = Number(new URL(url).port);
    for (const n of numbers(0, 20)) socket.send(`${n}`, port, '127.0.0.1');
    await worker.until('the first five', () => heard(worker).length === 5);
    // datagrams of one socket come in their order
    const { counters } = scene.gateway;
    while (counters.datagramsDropped < 15) await new Promise<void>((resolve) => void setImmediate(resolve));
    scene.clock.advance(200);
    socket.send('20', port, '127.0.0.1');
    await worker.until('the next', () => heard(worker).length === 6);
    assert.deepEqual(heard(worker), [...numbers(0, 5), 20]);
    assert.equal(counters.refusals.get('rate drop'), 15);
  });

  it('lets a client end that is not read any more', async (t) => {
    const rate = { messages: 1, per: 60, burst: 1, policy: 'pause' } as const;
    const { scene, worker, url } = await listening(t, 'text', { rate });
    const peer = await StreamPeer.connect(url, text);
    t.after(() => peer.destroy());
    peer.write(Buffer.from('1\n2\n'));
    await worker.until('the first', () => heard(worker).length === 1);
    const [client] = scene.gateway.directory.clients();
    scene.gateway.clients.kick(client, 'server');
    await peer.until('the end', () => peer.ended);
    peer.end();
    await worker.until('its end', () => worker.events.some((event) => event.startsWith('ON_CLOSE')));
    assert.deepEqual(heard(worker), [1]);
    scene.clock.advance(120 * SECOND);
    assert.equal(scene.gateway.directory.size, 0);
  });
});
