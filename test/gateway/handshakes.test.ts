import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { LogOnce } from '#src/base/log-once.js';
import { PhpPeer } from '#src/gateway/inner/php-peer.js';
import { PhpSessions } from '#src/gateway/inner/php-sessions.js';
import type { Arrival } from '#src/gateway/protocols/protocol.js';
import type { TcpLink } from '#src/link/tcp-link.js';
import { WorkerPeer } from '#src/gateway/worker-peer.js';
import { Command } from '#src/wire/command.js';
import { type HandshakeAnswer, encodeHandshakeAnswer } from '#src/wire/handshake-answer.js';
import { FakeTransport } from '../support/fake-transport.js';
import { type FakeWorker, GatewayScene, turn } from '../support/gateway-scene.js';
import { memoryLinkPair } from '../support/memory-link.js';

/** Somebody at the door, without a socket. */
class FakeArrival implements Arrival {
  readonly remoteAddress = '10.0.0.1';
  readonly remotePort = 40_000;
  readonly transport = new FakeTransport();
  readonly listener = this.transport.listener;
  readonly url = '/';
  readonly request = Buffer.from('{"url":"/","headers":{}}');
  id = 0;
  /** Whether it has gone, without having been told of. */
  gone = false;
  answer: number | undefined;

  welcome(): ReturnType<Arrival['welcome']> {
    assert.equal(this.answer, undefined, 'answered twice');
    this.answer = 101;
    if (this.gone) return undefined;
    const handshake = { url: '/', method: 'GET', httpVersion: '1.1', headers: {}, subprotocol: '' };
    return { connection: this.transport, handshake };
  }

  refuse({ status }: { status: number }): void {
    assert.equal(this.answer, undefined, 'answered twice');
    this.answer = status;
  }
}

function ask(scene: GatewayScene): FakeArrival {
  const arrival = new FakeArrival();
  scene.gateway.clients.arrived(arrival);
  return arrival;
}

function say(worker: FakeWorker, { id }: Arrival, answer: HandshakeAnswer): void {
  worker.send({ command: Command.HANDSHAKE_ANSWER, connectionId: id, ...encodeHandshakeAnswer(answer) });
}

/** The clients that each worker is counted with. */
function bound(scene: GatewayScene): number[] {
  return scene.gateway.peers.map(({ clients }) => clients);
}

describe('a websocket at the door of a gateway', () => {
  it('is nobody before its worker has let it in, and has everything from its first event on', async (t) => {
    const one = await GatewayScene.create(t);
    const worker = one.addWorker(undefined, { handshakes: true });
    assert.equal(one.gateway.clients.asks, true);
    const arrival = ask(one);
    await turn();
    assert.deepEqual(worker.events, [`ON_HANDSHAKE ${arrival.id} {"url":"/","headers":{}}`]);
    assert.equal(one.gateway.directory.size, 0);
    worker.send({ command: Command.SEND_TO_ALL, body: 'for clients' });
    worker.send({ command: Command.SEND_TO_ONE, connectionId: arrival.id, body: 'too early' });
    await turn();
    say(worker, arrival, { grant: { uid: '7', groups: ['a', 'b'], session: Buffer.from('{"x":1}') } });
    await turn();
    assert.equal(arrival.answer, 101);
    const client = one.gateway.directory.get(arrival.id);
    assert.equal(client?.uid, '7');
    assert.deepEqual([...(client?.groups ?? [])], ['a', 'b']);
    assert.equal(client?.state?.bytes.toString(), '{"x":1}');
    assert.deepEqual([...one.gateway.directory.withUid('7')], [client]);
    assert.equal(arrival.transport.written, '');
    await turn();
    assert.deepEqual(
      worker.events.map((event) => event.split(' ')[0]),
      ['ON_HANDSHAKE', 'ON_CONNECT', 'ON_WEBSOCKET_CONNECT'],
    );
    assert.deepEqual(bound(one), [1]);
    one.gateway.clients.closed(arrival.transport);
    assert.deepEqual(bound(one), [0]);
  });

  it('comes in unasked where the worker has no handler, and PHP’s have none', async (t) => {
    const one = await GatewayScene.create(t);
    one.addWorker();
    assert.equal(one.gateway.clients.asks, false);
    assert.equal(ask(one).answer, 101, 'the worker before may have had one');

    const other = await GatewayScene.create(t);
    const [near] = memoryLinkPair(1_000_000);
    near.subscribe({ frame() {}, drained() {}, closed() {} });
    const silent = new LogOnce(pino({ level: 'silent' }), other.clock);
    const sessions = new PhpSessions({ ip: 1, port: 1 }, silent);
    other.gateway.dispatcher.add(new PhpPeer(near as TcpLink, 'php', sessions));
    assert.equal(other.gateway.clients.asks, false);
    assert.equal(ask(other).answer, 101);
  });

  it('waits while there is no worker, if the one before decided or nobody knows', async (t) => {
    const one = await GatewayScene.create(t);
    assert.equal(one.gateway.clients.asks, true, 'nobody knows');
    const first = ask(one);
    const worker = one.addWorker(undefined, { handshakes: true });
    await turn();
    assert.equal(worker.events.length, 1);
    say(worker, first, { grant: {} });
    await turn();
    assert.equal(first.answer, 101);
    worker.link.destroy();
    await turn();
    assert.equal(one.gateway.clients.asks, true, 'the last one decided');
    const second = ask(one);
    one.addWorker();
    assert.equal(second.answer, 101);
    assert.equal(one.gateway.clients.asks, false);
  });

  it('is answered 503 when its worker is lost, and by another one if that had not been asked', async (t) => {
    const one = await GatewayScene.create(t);
    // nothing that is sent to it is ever taken
    const [near] = memoryLinkPair(40, { handshakes: true });
    near.subscribe({ frame() {}, drained() {}, closed() {} });
    const slow = new WorkerPeer(near, { local: true });
    one.gateway.dispatcher.add(slow);
    const asked = ask(one);
    // the first is on its way, and makes the link congested
    const waiting = ask(one);
    const other = one.addWorker(undefined, { handshakes: true });
    near.destroy();
    one.gateway.dispatcher.remove(slow);
    await turn();
    assert.equal(asked.answer, 503);
    assert.equal(waiting.answer, undefined);
    assert.deepEqual(other.events, [`ON_HANDSHAKE ${waiting.id} {"url":"/","headers":{}}`]);
    say(other, waiting, { refusal: { status: 401, text: '', headers: [] } });
    await turn();
    assert.equal(waiting.answer, 401);
    assert.deepEqual(bound(one), [0]);
    assert.deepEqual(
      [...one.gateway.counters.refusals],
      [
        ['handshake 503', 1],
        ['handshake 401', 1],
      ],
    );
  });

  it('waits for a worker that is behind', async (t) => {
    const one = await GatewayScene.create(t);
    const worker = one.addWorker(100, { handshakes: true });
    const arrivals = Array.from({ length: 10 }, () => ask(one));
    while (worker.events.length < arrivals.length) await turn();
    for (const arrival of arrivals) say(worker, arrival, { grant: {} });
    await turn();
    assert.deepEqual(new Set(arrivals.map(({ answer }) => answer)), new Set([101]));
    assert.equal(one.gateway.directory.size, arrivals.length);
  });

  it('is answered 503 after 10 seconds, and what is said later is nobody’s', async (t) => {
    const one = await GatewayScene.create(t);
    const unserved = ask(one);
    one.clock.advance(9_999);
    const worker = one.addWorker(undefined, { handshakes: true });
    const late = ask(one);
    assert.equal(unserved.answer, undefined);
    one.clock.advance(1);
    assert.equal(unserved.answer, 503);
    one.clock.advance(9_998);
    assert.equal(late.answer, undefined);
    one.clock.advance(1);
    assert.equal(late.answer, 503);
    say(worker, late, { grant: { uid: '7' } });
    await turn();
    assert.equal(one.gateway.directory.size, 0);
    assert.deepEqual(bound(one), [0]);
  });

  it('is forgotten when it goes away, also in the moment of its answer', async (t) => {
    const one = await GatewayScene.create(t);
    const worker = one.addWorker(undefined, { handshakes: true });
    const [left, gone] = [ask(one), ask(one)];
    assert.deepEqual(bound(one), [2]);
    one.gateway.clients.left(left);
    gone.gone = true;
    for (const arrival of [left, gone]) say(worker, arrival, { grant: { uid: '7' } });
    await turn();
    assert.equal(left.answer, undefined);
    assert.equal(one.gateway.directory.size, 0);
    assert.deepEqual([...one.gateway.directory.withUid('7')], []);
    assert.deepEqual(bound(one), [0]);
  });

  it('counts for maxConnections, and is answered 503 when the gateway stops', async (t) => {
    const one = await GatewayScene.create(t, { maxConnections: 2 });
    one.addWorker(undefined, { handshakes: true });
    one.join();
    assert.equal(one.gateway.clients.admits(), 'welcome');
    const arrival = ask(one);
    assert.equal(one.gateway.clients.admits(), 'full');
    void one.gateway.close(1000);
    assert.equal(arrival.answer, 503);
  });

  it('stays where it is when a worker’s answer cannot be read', async (t) => {
    const one = await GatewayScene.create(t);
    const worker = one.addWorker(undefined, { handshakes: true });
    const arrival = ask(one);
    for (const body of [
      '',
      '{',
      '[]',
      '{}',
      '{"grant":1}',
      '{"grant":{"groups":[7]}}',
      '{"grant":{"headers":["a"]}}',
      '{"refusal":{}}',
      '{"refusal":{"status":200,"text":"","headers":[]}}',
      '{"refusal":{"status":401,"headers":[]}}',
    ]) {
      worker.send({ command: Command.HANDSHAKE_ANSWER, connectionId: arrival.id, body });
    }
    await turn();
    assert.equal(arrival.answer, undefined);
    say(worker, arrival, { grant: {} });
    await turn();
    assert.equal(arrival.answer, 101);
  });
});
