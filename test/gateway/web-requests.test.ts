import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HttpExchange } from '#src/gateway/protocols/protocol.js';
import { WorkerPeer } from '#src/gateway/worker-peer.js';
import { Command } from '#src/wire/command.js';
import { type WebAnswer, encodeWebAnswer, textAnswer } from '#src/wire/web-request.js';
import { FakeTransport } from '../support/fake-transport.js';
import { type FakeWorker, GatewayScene, turn } from '../support/gateway-scene.js';
import { memoryLinkPair } from '../support/memory-link.js';

/** A request, without a socket. */
class FakeExchange implements HttpExchange {
  readonly remoteAddress = '10.0.0.1';
  readonly remotePort = 40_000;
  readonly listener = new FakeTransport().listener;
  readonly url = '/';
  readonly head = '{"the":"head"}';
  id = 0;
  answered: [status: number, body: string] | undefined;

  takeBody(): Buffer {
    return Buffer.from('the body');
  }

  answer({ status, body }: WebAnswer): void {
    assert.equal(this.answered, undefined, 'answered twice');
    this.answered = [status, Buffer.from(body).toString()];
  }
}

function ask(scene: GatewayScene): FakeExchange {
  const exchange = new FakeExchange();
  scene.gateway.clients.asked(exchange);
  return exchange;
}

function say(worker: FakeWorker, { id }: HttpExchange, text: string): void {
  worker.send({
    command: Command.REQUEST_ANSWER,
    connectionId: id,
    ...encodeWebAnswer(textAnswer(200, text)),
  });
}

/** The clients that each worker is counted with. */
function bound(scene: GatewayScene): number[] {
  return scene.gateway.peers.map(({ clients }) => clients);
}

describe('a plain HTTP request of a gateway', () => {
  it('goes to a worker that answers such, and to no other', async (t) => {
    const one = await GatewayScene.create(t);
    const { clients } = one.gateway;
    assert.equal(clients.answers, false, 'nobody knows');
    const other = one.addWorker(undefined, { name: 'other' });
    assert.equal(clients.answers, false);
    const worker = one.addWorker(undefined, { requests: true });
    assert.equal(clients.answers, true);
    const exchanges = Array.from({ length: 4 }, () => ask(one));
    await turn();
    assert.deepEqual(other.events, []);
    assert.deepEqual(
      worker.events,
      exchanges.map(({ id }) => `ON_REQUEST ${id} the body`),
    );
    assert.deepEqual(bound(one), [0, 4]);
    for (const exchange of exchanges.toReversed()) say(worker, exchange, `for ${exchange.id}`);
    await turn();
    for (const { id, answered } of exchanges) assert.deepEqual(answered, [200, `for ${id}\n`]);
    assert.deepEqual(bound(one), [0, 0]);
    assert.equal(one.gateway.directory.size, 0);
  });

  it('waits while there is no worker, and is the next one’s', async (t) => {
    const one = await GatewayScene.create(t);
    one.addWorker(undefined, { requests: true }).link.destroy();
    await turn();
    assert.equal(one.gateway.clients.answers, true, 'the last one did');
    const exchange = ask(one);
    const worker = one.addWorker(undefined, { requests: true });
    await turn();
    assert.equal(worker.events.length, 1);
    say(worker, exchange, 'late');
    await turn();
    assert.deepEqual(exchange.answered, [200, 'late\n']);
  });

  it('is answered 503 when its worker is lost, and by another one if that had not been asked', async (t) => {
    const one = await GatewayScene.create(t);
    // nothing that is sent to it is ever taken
    const [near] = memoryLinkPair(40, { requests: true });
    near.subscribe({ frame() {}, drained() {}, closed() {} });
    const slow = new WorkerPeer(near, { local: true });
    one.gateway.dispatcher.add(slow);
    const first = ask(one);
    const second = ask(one);
    assert.equal(slow.congested, true);
    near.destroy();
    one.gateway.dispatcher.remove(slow);
    assert.deepEqual(first.answered, [503, 'The server could not answer: try again.\n']);
    assert.equal(second.answered, undefined);
    const worker = one.addWorker(undefined, { requests: true });
    await turn();
    say(worker, second, 'done');
    await turn();
    assert.deepEqual(second.answered, [200, 'done\n']);
  });

  it('is answered 503 after 30 seconds, and never twice', async (t) => {
    const one = await GatewayScene.create(t);
    const worker = one.addWorker(undefined, { requests: true });
    const exchange = ask(one);
    await turn();
    one.clock.advance(29_999);
    assert.equal(exchange.answered, undefined);
    one.clock.advance(1);
    assert.deepEqual(exchange.answered, [503, 'The server did not answer in time: try again.\n']);
    say(worker, exchange, 'too late');
    await turn();
    assert.equal(one.gateway.counters.refusals.get('request late'), 1);
    assert.deepEqual(bound(one), [0]);
  });

  it('is forgotten when its client hangs up', async (t) => {
    const one = await GatewayScene.create(t);
    const worker = one.addWorker(undefined, { requests: true });
    const exchange = ask(one);
    one.gateway.clients.hungUp(exchange);
    assert.deepEqual(bound(one), [0]);
    await turn();
    say(worker, exchange, 'for nobody');
    await turn();
    one.clock.advance(60_000);
    assert.equal(exchange.answered, undefined);
  });

  it('is answered while the gateway closes, if a worker has begun with it', async (t) => {
    const one = await GatewayScene.create(t);
    const worker = one.addWorker(undefined, { requests: true });
    const begun = ask(one);
    const hanging = ask(one);
    await turn();
    let closed = false;
    const closing = one.gateway.clients.close().then(() => (closed = true));
    await turn();
    assert.equal(closed, false);
    say(worker, begun, 'still');
    await turn();
    assert.deepEqual(begun.answered, [200, 'still\n']);
    assert.equal(closed, false);
    one.clock.advance(5_000);
    await closing;
    assert.equal(hanging.answered, undefined);
  });

  it('is answered 503 at once when the gateway closes, if no worker has it yet', async (t) => {
    const one = await GatewayScene.create(t);
    const waiting = ask(one);
    await one.gateway.clients.close();
    assert.deepEqual(waiting.answered, [503, 'The server is stopping.\n']);
  });

  it('outlives an answer that is none', async (t) => {
    const one = await GatewayScene.create(t);
    const worker = one.addWorker(undefined, { requests: true });
    const exchange = ask(one);
    for (const ext of [
      '',
      'null',
      '{}',
      '{"status":99,"text":"","headers":[]}',
      '{"status":200,"text":"","headers":[["a"]]}',
    ])
      worker.send({ command: Command.REQUEST_ANSWER, connectionId: exchange.id, ext, body: 'x' });
    await turn();
    assert.equal(exchange.answered, undefined);
    say(worker, exchange, 'right');
    await turn();
    assert.deepEqual(exchange.answered, [200, 'right\n']);
  });
});
