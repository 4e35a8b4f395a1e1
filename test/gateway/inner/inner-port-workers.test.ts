import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Command, Flag, WorkerState, commandName } from '#src/wire/command.js';
import { packNamed } from '#src/wire/named-bytes.js';
import { InnerScene } from '../../support/inner-scene.js';
import { type RawPeer, frameBytes } from '../../support/raw-peer.js';

const { READY, CONGESTED, LEAVING } = WorkerState;

/** The next so many frames, as `ON_MESSAGE 7 hello`. */
async function events(worker: RawPeer, count: number): Promise<string[]> {
  const result: string[] = [];
  while (result.length < count) {
    const frame = await worker.nextFrame();
    const body = frame.command === Command.ON_CLOSE ? '' : frame.bodyText();
    result.push(`${commandName(frame.command)} ${frame.connectionId} ${body}`.trimEnd());
  }
  return result;
}

describe('the inner port: workers of other nodes', () => {
  it('a congested worker: its clients are not read, what they sent waits in order', async (t) => {
    const scene = await InnerScene.create(t);
    const worker = await scene.nodeWorker();
    const [one, two] = [scene.join(), scene.join()];
    await events(worker, 2);
    await scene.say(worker, READY | CONGESTED);
    assert.equal(scene.gateway.peers[0].state, 'congested');
    for (const text of ['a', 'b', 'c'])
      for (const { transport } of [one, two]) scene.message(transport, text);
    assert.deepEqual([one.transport.paused, two.transport.paused], [true, true]);
    // replies and commands go on
    worker.send({ command: Command.SEND_TO_ALL, body: 'still here' });
    await scene.say(worker, READY | CONGESTED);
    assert.equal(one.transport.written, 'still here\n');
    assert.equal(worker.unread, 0);

    worker.send({ command: Command.WORKER_STATE, clientIp: READY });
    assert.deepEqual(
      await events(worker, 6),
      [one, two].flatMap(({ id }) => ['a', 'b', 'c'].map((text) => `ON_MESSAGE ${id} ${text}`)),
    );
    assert.deepEqual([one.transport.paused, two.transport.paused], [false, false]);
  });

  it('a worker whose thread is gone keeps its clients and gets no new ones', async (t) => {
    const scene = await InnerScene.create(t, { gateway: { router: 'least-connections' } });
    const first = await scene.nodeWorker('node-b:0');
    const { id, transport } = scene.join();
    await events(first, 1);
    await scene.say(first, 0);
    const second = await scene.nodeWorker('node-b:1');
    const others = [scene.join(), scene.join()];
    scene.message(transport, 'hi');
    assert.deepEqual(await events(first, 1), [`ON_MESSAGE ${id} hi`]);
    assert.deepEqual(
      await events(second, 2),
      others.map((other) => `ON_CONNECT ${other.id}`),
    );
  });

  it('a worker that leaves gets nothing after its answer; its clients’ events go to others once it is gone, in order', async (t) => {
    const scene = await InnerScene.create(t);
    const leaver = await scene.nodeWorker('node-b:0');
    const clients = Array.from({ length: 5 }, () => scene.join());
    const stays = await scene.nodeWorker('node-c:0');
    await events(leaver, 5);
    for (const { transport } of clients) scene.message(transport, 'before');
    leaver.send({ command: Command.WORKER_STATE, clientIp: READY | LEAVING });
    const last = await events(leaver, 6);
    assert.deepEqual(last, clients.map(({ id }) => `ON_MESSAGE ${id} before`).concat('WORKER_STATE 0'));
    assert.equal(scene.gateway.peers[0].state, 'leaving');
    for (let n = 0; n < 3; n++) for (const { transport } of clients) scene.message(transport, `${n}`);
    scene.gateway.clients.closed(clients[4].transport);
    assert.ok(clients.slice(0, 4).every(({ transport }) => transport.paused));
    // a new client goes to the one that stays
    const late = scene.join();
    assert.deepEqual(await events(stays, 1), [`ON_CONNECT ${late.id}`]);

    // its handlers finish: queries are answered, commands carried out
    const { id, transport } = clients[0];
    leaver.send(
      { command: Command.IS_ONLINE, connectionId: id, flags: Flag.REQUEST, clientIp: 1 },
      { command: Command.SEND_TO_ONE, connectionId: id, body: 'bye' },
    );
    assert.equal((await leaver.nextFrame()).command, Command.REPLY);
    assert.equal(stays.unread, 0);
    leaver.socket.end();
    const moved = await events(stays, 16);
    assert.equal(transport.written, 'bye\n');
    for (const client of clients) {
      const texts = moved.filter((event) => event.split(' ')[1] === `${client.id}`);
      const expected = ['0', '1', '2'].map((text) => `ON_MESSAGE ${client.id} ${text}`);
      assert.deepEqual(texts, client === clients[4] ? [...expected, `ON_CLOSE ${client.id}`] : expected);
    }
    assert.ok(clients.slice(0, 4).every((client) => !client.transport.paused));
    await leaver.closed;
    assert.equal(leaver.unread, 0);
    assert.deepEqual(
      scene.gateway.peers.map(({ name, clients: count }) => [name, count]),
      [['node-c:0', 5]],
    );
  });

  it('a client that a worker had paused is served by another one when the worker breaks off', async (t) => {
    const scene = await InnerScene.create(t);
    const first = await scene.nodeWorker('node-b:0');
    const { id, transport } = scene.join();
    await events(first, 1);
    first.send({ command: Command.PAUSE_CLIENT, connectionId: id });
    await scene.say(first, READY);
    scene.message(transport, 'waits');
    const second = await scene.nodeWorker('node-c:0');
    assert.equal(transport.paused, true);
    first.socket.resetAndDestroy();
    assert.deepEqual(await events(second, 1), [`ON_MESSAGE ${id} waits`]);
    assert.equal(transport.paused, false);
  });

  it('a second worker of the same address and key takes the place of the first', async (t) => {
    const scene = await InnerScene.create(t, { secretKey: 'open' });
    const first = await scene.phpWorker('B:0');
    const { id, transport } = scene.join();
    await events(first, 1);
    const second = await scene.phpWorker('B:0');
    scene.message(transport, 'hi');
    assert.deepEqual(await events(second, 1), [`ON_MESSAGE ${id} hi`]);
    await first.closed;
    assert.equal(first.unread, 0);
    // what the first leaves behind does not disturb the second
    scene.message(transport, 'again');
    assert.deepEqual(await events(second, 1), [`ON_MESSAGE ${id} again`]);
    assert.equal(scene.gateway.peers.length, 1);
    assert.match(scene.log.map(({ msg }) => msg).join('\n'), /another one of the same address and name/);
  });

  it('a superseded worker that takes nothing is dropped after 10 seconds', async (t) => {
    const scene = await InnerScene.create(t);
    const first = await scene.phpWorker('B:0');
    const { transport } = scene.join();
    first.socket.pause();
    // more than the operating system takes for a far end that does not read
    const big = 'x'.repeat(1024 * 1024);
    for (let n = 0; n < 32; n++) scene.message(transport, big);
    await scene.phpWorker('B:0');
    const gone = (): boolean => scene.log.some(({ msg }) => msg === 'a worker has left');
    assert.equal(gone(), false);
    scene.clock.advance(10_000);
    assert.equal(gone(), true);
  });

  it('PHP’s workers are sent named messages as text, in which one argument is data and bytes are base64', async (t) => {
    const scene = await InnerScene.create(t);
    const worker = await scene.phpWorker();
    const { id, transport } = scene.join();
    await events(worker, 1);
    const text = '{"id":1,"event":"say","args":[{"file":{"_placeholder":true,"num":0}}]}';
    scene.gateway.clients.message(transport, packNamed(text, [Buffer.of(7)]), true, true);
    scene.gateway.clients.message(transport, Buffer.from('{"event":"say","args":[1,2]}'), false, true);
    assert.deepEqual(await events(worker, 2), [
      `ON_MESSAGE ${id} {"id":1,"event":"say","data":{"file":{"base64":"Bw=="}}}`,
      `ON_MESSAGE ${id} {"event":"say","args":[1,2]}`,
    ]);
  });

  it('PHP’s workers are pinged as PHP does, unless the gateway is at 127.0.0.1', async (t) => {
    const far = await InnerScene.create(t, { address: { ip: 0x0a000001, port: 2900 } });
    const worker = await far.phpWorker();
    for (let n = 0; n < 10; n++) far.clock.advance(25_000);
    const ping = frameBytes({ command: Command.PING });
    for (let n = 0; n < 10; n++) assert.deepEqual(await worker.nextFrameBytes(), ping);

    const near = await InnerScene.create(t);
    const local = await near.phpWorker();
    near.clock.advance(100_000);
    // the reply comes first: nothing was sent before
    await local.settled();
  });

  it('one of ours that has been silent for three pings is gone', async (t) => {
    const scene = await InnerScene.create(t);
    const worker = await scene.nodeWorker();
    for (let n = 0; n < 3; n++) {
      scene.clock.advance(25_000);
      assert.equal((await worker.nextFrame()).command, Command.PING);
    }
    worker.send({ command: Command.PING });
    await scene.say(worker, READY);
    for (let n = 0; n < 4; n++) scene.clock.advance(25_000);
    await worker.closed;
    assert.deepEqual(scene.gateway.peers, []);
    assert.match(scene.log.map(({ msg }) => msg).join('\n'), /the link to a worker broke/);
  });

  it('a command that cannot be carried out is skipped, counted and logged, and the worker stays', async (t) => {
    const scene = await InnerScene.create(t);
    const worker = await scene.phpWorker();
    const { id, transport } = scene.join();
    await events(worker, 1);
    worker.send(
      { command: Command.SET_SESSION, connectionId: id, ext: 'a:1:{s:1:"o";O:8:"stdClass":0:{}}' },
      { command: Command.UPDATE_SESSION, connectionId: id, ext: 'a:1:{s:1:"n";i:1;}' },
      { command: Command.SEND_TO_ALL, ext: '{', body: 'lost' },
      { command: Command.PATCH_SESSION, connectionId: id, ext: '{"set":{},"delete":[]}' },
      { command: 99 },
      { command: Command.SEND_TO_ALL, body: 'fine' },
    );
    await worker.settled();
    assert.equal(transport.written, 'fine\n');
    assert.deepEqual(scene.refusals, { command: 4 });
    const [line] = scene.log.filter(({ kind }) => kind === 'inner port: command');
    assert.equal(line.remoteAddress, worker.address);
    // what could not be merged is still there, with its object
    scene.message(transport, 'hi');
    assert.equal((await worker.nextFrame()).extText(), 'a:1:{s:1:"o";O:8:"stdClass":0:{}}');
  });

  it('at the end, the last events of the clients reach the workers before their links close', async (t) => {
    const scene = await InnerScene.create(t, { gateway: { listen: [{ url: 'text://127.0.0.1:0' }] } });
    const worker = await scene.nodeWorker();
    const clients = Array.from({ length: 20 }, () => scene.join());
    const closing = scene.gateway.close(1000);
    for (const { transport } of clients) scene.gateway.clients.closed(transport);
    await closing;
    const closed = scene.innerPort.close(1000);
    const seen = await events(worker, 40);
    assert.equal(seen.filter((event) => event.startsWith('ON_CLOSE')).length, 20);
    worker.send({ command: Command.UNGROUP, ext: 'x' });
    worker.socket.end();
    await worker.closed;
    await closed;
  });

  it('a GatewayClient that keeps its connection does not hold up the end', async (t) => {
    const scene = await InnerScene.create(t);
    const client = await scene.client();
    await client.settled();
    await scene.innerPort.close(1000);
    await client.closed;
  });
});
