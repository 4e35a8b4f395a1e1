import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClientRecord } from '#src/gateway/client-record.js';
import { Dispatcher } from '#src/gateway/dispatcher.js';
import { loadRouter } from '#src/gateway/router.js';
import { WorkerPeer } from '#src/gateway/worker-peer.js';
import { Workers } from '#src/gateway/workers.js';
import type { Link } from '#src/link/link.js';
import { Command } from '#src/wire/command.js';
import { FakeTransport } from '../support/fake-transport.js';
import { turn } from '../support/gateway-scene.js';
import { ManualClock } from '#src/testing/manual-clock.js';

/** More than one client may send in a row. */
const MANY = 1000;

/** A link whose far end is as far behind as the test says. */
class FakeLink implements Link {
  readonly name = 'a worker';
  readonly state = 'open';
  readonly ready = true;
  readonly handshakes = false;
  readonly requests = false;
  readonly bufferedBytes = 0;
  congested = false;
  full = false;
  /** Connection ids, as the events went out. */
  readonly sent: number[] = [];

  subscribe(): void {}

  send({ connectionId }: { connectionId: number }): boolean {
    this.sent.push(connectionId);
    return !this.congested;
  }

  async close(): Promise<void> {}

  destroy(): void {}
}

function join(id: number): ClientRecord {
  return new ClientRecord(id, new FakeTransport(), 1);
}

async function scene() {
  const link = new FakeLink();
  const workers = new Workers(new ManualClock());
  const dispatcher = new Dispatcher({ ip: 1, port: 1 }, workers, {
    served() {},
    lost() {},
    unheard() {},
    datagramDropped() {},
    workerJoined() {},
    workerLeft() {},
  });
  workers.router = await loadRouter('least-connections', () => {});
  const peer = new WorkerPeer(link, { local: true });
  dispatcher.add(peer);
  /** @returns how many were sent before the client was paused: a transport reads no further then */
  const say = (client: ClientRecord, count: number): number => {
    let sent = 0;
    for (; sent < count && client.reading; sent++) {
      dispatcher.dispatch(client, Command.ON_MESSAGE, 0, Buffer.from('x'));
    }
    return sent;
  };
  return { link, dispatcher, peer, say };
}

describe('the dispatcher and a client that sends without end', () => {
  it('reads it no further before the others have had their turn, and goes on in the next', async () => {
    const { link, say } = await scene();
    const [flood, other] = [join(1), join(2)];
    const first = say(flood, MANY);
    assert.ok(first < MANY, 'it was never paused');
    assert.equal((flood.connection as FakeTransport).paused, true);
    assert.equal(say(other, 1), 1);
    assert.deepEqual(new Set(link.sent.slice(0, first)), new Set([1]));
    assert.equal(link.sent.at(-1), 2);
    await turn();
    assert.equal(flood.reading, true);
    assert.equal(say(flood, MANY), first);
  });

  it('has it wait for a worker that is behind, and not those who send little', async () => {
    const { link, dispatcher, peer, say } = await scene();
    const flood = join(1);
    const others = Array.from({ length: MANY }, (_, index) => join(index + 2));
    link.full = true;
    const first = say(flood, MANY);
    await turn();
    assert.equal(flood.reading, false);
    for (let times = 0; times < 3; times++) for (const other of others) assert.equal(say(other, 1), 1);
    link.full = false;
    dispatcher.drained(peer);
    assert.equal(flood.reading, true);
    assert.equal(link.sent.length, first + 3 * MANY);
  });

  it('does not wake one that is gone, or that its worker has paused meanwhile', async () => {
    const { dispatcher, say } = await scene();
    const [gone, held] = [join(1), join(2)];
    say(gone, MANY);
    gone.gone = true;
    say(held, MANY);
    dispatcher.pauseByWorker(held);
    await turn();
    assert.deepEqual([gone.reading, held.reading], [false, false]);
    dispatcher.resumeByWorker(held);
    assert.equal(held.reading, true);
  });

  it('does not look at clients that their worker has paused each time that it takes events again', async () => {
    const { dispatcher, peer, say } = await scene();
    const clients = Array.from({ length: MANY }, (_, id) => join(id));
    for (const client of clients) {
      say(client, 1);
      dispatcher.pauseByWorker(client);
      // one that had been read already
      dispatcher.dispatch(client, Command.ON_MESSAGE, 0, Buffer.from('x'));
    }
    dispatcher.drained(peer);
    assert.equal(dispatcher.stoppedBy(peer)?.blocked.size, 0);
    for (const client of clients.slice(1)) dispatcher.resumeByWorker(client);
    assert.deepEqual(
      clients.map(({ reading }) => reading),
      clients.map((_, index) => index > 0),
    );
    assert.equal(dispatcher.stoppedBy(peer)?.paused.size, 1);
    dispatcher.remove(peer);
    assert.equal(clients[0].pausedByWorker, false);
  });

  it('reads it again when the worker that had paused it meanwhile is gone', async () => {
    const { dispatcher, peer, say } = await scene();
    const client = join(1);
    say(client, MANY);
    dispatcher.pauseByWorker(client);
    await turn();
    dispatcher.add(new WorkerPeer(new FakeLink(), { local: true }));
    dispatcher.remove(peer);
    assert.equal(client.reading, true);
  });
});
