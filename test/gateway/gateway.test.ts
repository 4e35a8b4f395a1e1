import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientProtocol } from '#src/gateway/protocols/protocol.js';
import { udpProtocol } from '#src/gateway/protocols/udp-connection.js';
import { Command, Flag } from '#src/wire/command.js';
import { FakeTransport } from '../support/fake-transport.js';
import { GatewayScene, turn } from '../support/gateway-scene.js';

/** What the worker of a client that said 0, 1 and 2 was told. */
function eventsOf({ id }: { id: number }): string[] {
  return [`ON_CONNECT ${id}`, ...[0, 1, 2].map((n) => `ON_MESSAGE ${id} ${n}`)];
}

describe('a gateway: clients and their workers', () => {
  it('a client is bound to one worker for as long as both live, and to another one then', async (t) => {
    const scene = await GatewayScene.create(t, { router: 'least-connections' });
    const workers = [scene.addWorker(), scene.addWorker()];
    const clients = [scene.join(), scene.join(), scene.join()];
    for (let n = 0; n < 3; n++) for (const { transport } of clients) scene.say(transport, `${n}`);
    await workers[0].until('two clients’ events', () => workers[0].events.length === 8);
    await workers[1].until('one client’s events', () => workers[1].events.length === 4);
    assert.deepEqual(workers[0].events.toSorted(), [clients[0], clients[2]].flatMap(eventsOf).toSorted());
    assert.deepEqual(workers[1].events, eventsOf(clients[1]));

    workers[1].link.destroy();
    await turn();
    scene.say(clients[1].transport, 'later');
    await workers[0].until('its client', () =>
      workers[0].events.includes(`ON_MESSAGE ${clients[1].id} later`),
    );
  });

  it('a worker’s command that cannot be carried out is skipped; a query of that kind has no value, at once', async (t) => {
    const scene = await GatewayScene.create(t);
    const worker = scene.addWorker();
    const { transport, id } = scene.join();
    worker.send({ command: Command.SET_SESSION, connectionId: id, ext: 'a:1:{s:1:"x";O:1:"y":0:{}}' });
    worker.send({ command: Command.UPDATE_SESSION, connectionId: id, ext: '{"z":1}' });
    worker.send({ command: Command.SELECT, ext: '{', flags: Flag.REQUEST, clientIp: 5 });
    worker.send({ command: Command.SEND_TO_ONE, connectionId: id, body: 'behind' });
    await worker.until('the reply', () => worker.events.length === 2);
    assert.equal(worker.events[1], 'REPLY 0');
    await transport.until('what was behind', () => transport.written === 'behind\n');
  });

  it('a client that was reset before anybody saw it, and has no address, comes and goes as others do', async (t) => {
    const scene = await GatewayScene.create(t);
    const worker = scene.addWorker();
    const transport = new FakeTransport();
    transport.remoteAddress = '';
    const { id } = scene.join(transport);
    scene.say(transport, 'its last');
    scene.gateway.clients.closed(transport);
    await worker.until('its events', () => worker.events.length === 3);
    assert.deepEqual(worker.events, [`ON_CONNECT ${id}`, `ON_MESSAGE ${id} its last`, `ON_CLOSE ${id}`]);
  });

  it('events wait, and their clients are not read, until there is a worker', async (t) => {
    const scene = await GatewayScene.create(t);
    const { transport, id } = scene.join();
    scene.say(transport, 'early');
    assert.equal(transport.paused, true);
    const worker = scene.addWorker();
    await worker.until('both events', () => worker.events.length === 2);
    assert.deepEqual(worker.events, [`ON_CONNECT ${id}`, `ON_MESSAGE ${id} early`]);
    assert.equal(transport.paused, false);
  });

  it('a udp client, which cannot be paused, has a bounded number of datagrams waiting', async (t) => {
    const scene = await GatewayScene.create(t);
    const { transport } = scene.join(new FakeTransport(udpProtocol));
    for (let n = 0; n < 1500; n++) scene.say(transport, `${n}`);
    // the thousandth place is that of ON_CONNECT
    assert.equal(scene.gateway.counters.datagramsDropped, 501);
    const worker = scene.addWorker();
    await worker.until('what had waited', () => worker.events.length === 1000);
    assert.match(worker.events[999], / 998$/);
  });

  it('a worker that is congested: its clients are not read, what they had sent waits in order, then reading goes on', async (t) => {
    const scene = await GatewayScene.create(t);
    const worker = scene.addWorker(1000);
    const [one, two] = [scene.join(), scene.join()];
    for (let n = 0; n < 20; n++) {
      scene.say(one.transport, `${n}`.padStart(100, '.'));
      scene.say(two.transport, `${n}`.padStart(100, '.'));
    }
    assert.deepEqual([one.transport.paused, two.transport.paused], [true, true]);
    await worker.until('all of it', () => worker.events.length === 42);
    for (const { id } of [one, two]) {
      const numbers = worker.events.filter((event) => event.startsWith(`ON_MESSAGE ${id} `));
      assert.deepEqual(
        numbers.map((event) => Number(/\d+$/.exec(event)?.[0])),
        Array.from({ length: 20 }, (_, n) => n),
      );
    }
    await turn();
    assert.deepEqual([one.transport.paused, two.transport.paused], [false, false]);
  });

  it('a client that its worker had paused is closed: its last events follow at once, and the uid with them', async (t) => {
    const scene = await GatewayScene.create(t);
    const worker = scene.addWorker();
    const { transport, id } = scene.join();
    worker.send({ command: Command.PAUSE_CLIENT, connectionId: id });
    await worker.until('the client', () => worker.events.length === 1);
    await turn();
    assert.equal(transport.paused, true);
    scene.say(transport, 'read before the pause');
    scene.gateway.clients.closed(transport);
    await worker.until('its end', () => worker.events.length === 3);
    assert.deepEqual(worker.events.slice(1), [`ON_MESSAGE ${id} read before the pause`, `ON_CLOSE ${id}`]);
    assert.equal(scene.gateway.directory.size, 0);
  });
});

describe('a gateway: limits', () => {
  it('maxConnections: admits that many, and counts who it turned away', async (t) => {
    const { gateway } = await GatewayScene.create(t, { maxConnections: 2 });
    const transports = [new FakeTransport(), new FakeTransport()];
    for (const transport of transports) {
      assert.equal(gateway.clients.admits(), 'welcome');
      gateway.clients.opened(transport);
    }
    assert.equal(gateway.clients.admits(), 'full');
    assert.equal(gateway.counters.refusedConnections, 1);
    gateway.clients.closed(transports[0]);
    assert.equal(gateway.clients.admits(), 'welcome');
  });

  it('heartbeat: a pong is an answer, and who gives none is dropped and counted', async (t) => {
    const scene = await GatewayScene.create(t, { pingInterval: 10, pingNotResponseLimit: 1 });
    const worker = scene.addWorker();
    const [silent, answering, held] = [scene.join(), scene.join(), scene.join()];
    worker.send({ command: Command.PAUSE_CLIENT, connectionId: held.id });
    await worker.until('all three', () => worker.events.length === 3);
    await turn();
    for (let second = 0; second < 40; second += 5) {
      const { pings } = answering.transport;
      scene.clock.advance(5000);
      if (answering.transport.pings > pings) scene.gateway.clients.alive(answering.transport);
    }
    assert.equal(silent.transport.ending, 'destroyed');
    assert.equal(answering.transport.ending, undefined);
    assert.equal(held.transport.ending, undefined);
    assert.ok(answering.transport.pings >= 2);

    worker.send({ command: Command.RESUME_CLIENT, connectionId: held.id });
    await held.transport.until('it is read again', () => !held.transport.paused);
    scene.clock.advance(30_000);
    assert.equal(held.transport.ending, 'destroyed');
  });

  it('pingData: what is sent instead of a ping', async (t) => {
    const scene = await GatewayScene.create(t, {
      pingInterval: 10,
      pingNotResponseLimit: 0,
      pingData: '{"type":"ping"}',
    });
    scene.addWorker();
    const { transport } = scene.join();
    scene.clock.advance(20_000);
    await Promise.resolve();
    assert.equal(transport.pings, 0);
    assert.equal(transport.written, '{"type":"ping"}\n');
  });

  for (const size of [10, 100_000]) {
    it(`slowClient close: judged by what waits already, counted once (messages of ${size} bytes)`, async (t) => {
      const scene = await GatewayScene.create(t, { sendToClientBufferSize: 1000 });
      const worker = scene.addWorker();
      const { transport, id } = scene.join();
      const send = async (): Promise<void> => {
        worker.send({ command: Command.SEND_TO_ONE, connectionId: id, body: 'x'.repeat(size) });
        await turn();
        await turn();
      };
      transport.bufferedBytes = 1000;
      await send();
      assert.equal(transport.writes.length, 1, 'one that is larger than the buffer passes');
      transport.bufferedBytes = 1001;
      await send();
      await send();
      assert.equal(transport.writes.length, 1);
      assert.equal(transport.ending, 'destroyed');
      assert.equal(scene.gateway.counters.slowClients, 1);
      assert.equal(scene.gateway.counters.messagesDropped, 2);
    });

    it(`slowClient drop: whole messages are left out and counted (messages of ${size} bytes)`, async (t) => {
      const scene = await GatewayScene.create(t, { sendToClientBufferSize: 1000, slowClient: 'drop' });
      const worker = scene.addWorker();
      const { transport, id } = scene.join();
      for (const [word, waiting] of [
        ['a', 0],
        ['b', 2000],
        ['c', 500],
      ] as const) {
        transport.bufferedBytes = waiting;
        worker.send({ command: Command.SEND_TO_ONE, connectionId: id, body: word.repeat(size) });
        await turn();
        await turn();
      }
      assert.equal(transport.written, `${'a'.repeat(size)}\n${'c'.repeat(size)}\n`);
      assert.equal(transport.ending, undefined);
      assert.equal(scene.gateway.counters.messagesDropped, 1);
      assert.equal(scene.gateway.counters.messagesOut, 2);
    });
  }

  it('two messages of one tick are one write, but two where a write is a datagram', async (t) => {
    const scene = await GatewayScene.create(t);
    const worker = scene.addWorker();
    const datagrams: ClientProtocol = {
      name: 'd',
      sharedEncoding: true,
      datagrams: true,
      encode: (message) => message,
    };
    const [stream, datagram] = [scene.join(), scene.join(new FakeTransport(datagrams))];
    for (const body of ['one', 'two']) worker.send({ command: Command.SEND_TO_ALL, body });
    await datagram.transport.until('both', () => datagram.transport.writes.length === 2);
    await stream.transport.until('both', () => stream.transport.writes.length > 0);
    assert.deepEqual(datagram.transport.writes.map(String), ['one', 'two']);
    assert.deepEqual(stream.transport.writes.map(String), ['one\ntwo\n']);
  });
});
