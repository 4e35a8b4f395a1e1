import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PATIENCE } from '#src/gateway/protocols/timeouts.js';
import { Command, WorkerState } from '#src/wire/command.js';
import { ENDED_FEATURE, NODE_FEATURE } from '#src/wire/worker-connect.js';
import { GatewayScene, turn } from '../support/gateway-scene.js';
import { InnerScene } from '../support/inner-scene.js';

describe('a client that sends no more', { timeout: 10_000 }, () => {
  it('is closed when its worker has come to its end, behind what it was sent; not because a worker says so', async (t) => {
    const scene = await GatewayScene.create(t);
    const worker = scene.addWorker();
    const { transport, id } = scene.join();
    worker.send({ command: Command.CLIENT_ENDED, connectionId: id });
    scene.say(transport, 'hello');
    await worker.until('the message', () => worker.events.length === 2);
    await turn();
    assert.equal(transport.ending, undefined);

    scene.gateway.clients.ended(transport, PATIENCE.half);
    await worker.until('the end', () => worker.events.includes(`CLIENT_ENDED ${id}`));
    worker.send({ command: Command.SEND_TO_ONE, connectionId: id, body: 'answer' });
    await turn();
    assert.equal(transport.ending, undefined, 'it can be sent to until then');
    worker.send({ command: Command.SEND_TO_ONE, connectionId: id, body: 'last' });
    worker.send({ command: Command.CLIENT_ENDED, connectionId: id });
    await turn();
    assert.deepEqual([transport.written, transport.ending], ['answer\nlast\n', 'finished']);
    scene.gateway.clients.closed(transport);
  });

  it('tells a worker that comes later, and again one whose answer was lost', async (t) => {
    const scene = await GatewayScene.create(t);
    const { transport, id } = scene.join();
    scene.say(transport, 'hello');
    scene.gateway.clients.ended(transport, PATIENCE.half);
    const worker = scene.addWorker();
    await worker.until('its end', () => worker.events.length === 3);
    const ended = `CLIENT_ENDED ${id}`;
    assert.deepEqual(worker.events, [`ON_CONNECT ${id}`, `ON_MESSAGE ${id} hello`, ended]);
    scene.clock.advance(30_000);
    await worker.until('the question', () => worker.events.length === 4);
    assert.equal(worker.events[3], ended);
    scene.gateway.clients.closed(transport);
    scene.clock.advance(30_000);
    await turn();
    assert.deepEqual(worker.events.slice(4), [`ON_CLOSE ${id}`]);
  });

  for (const [what, patience] of Object.entries(PATIENCE)) {
    it(`has ${patience} ms for the answers of a PHP worker (${what})`, async (t) => {
      const scene = await InnerScene.create(t);
      const worker = await scene.phpWorker();
      const { transport } = scene.join();
      scene.message(transport, 'hello');
      const timers = scene.clock.timers;
      scene.gateway.clients.ended(transport, patience);
      scene.clock.advance(patience - 1);
      assert.equal(transport.ending, undefined);
      scene.clock.advance(1);
      assert.equal(transport.ending, 'finished');
      scene.gateway.clients.closed(transport);
      assert.equal(scene.clock.timers, timers);
      const commands = [];
      for (let count = 0; count < 3; count++) commands.push((await worker.nextFrame()).command);
      assert.deepEqual(commands, [Command.ON_CONNECT, Command.ON_MESSAGE, Command.ON_CLOSE]);
    });
  }

  it('is not told to a worker of another node that did not offer to hear it', async (t) => {
    const scene = await InnerScene.create(t);
    const worker = await scene.nodeWorker();
    const { transport } = scene.join();
    scene.gateway.clients.ended(transport, PATIENCE.half);
    scene.clock.advance(PATIENCE.half);
    assert.equal(transport.ending, 'finished');
    scene.gateway.clients.closed(transport);
    const commands = [(await worker.nextFrame()).command, (await worker.nextFrame()).command];
    assert.deepEqual(commands, [Command.ON_CONNECT, Command.ON_CLOSE]);
  });

  it('is told to one that did', async (t) => {
    const scene = await InnerScene.create(t);
    const worker = await scene.nodeWorker('new:0', WorkerState.READY, [NODE_FEATURE, ENDED_FEATURE]);
    const { transport, id } = scene.join();
    scene.gateway.clients.ended(transport, PATIENCE.half);
    assert.equal((await worker.nextFrame()).command, Command.ON_CONNECT);
    const frame = await worker.nextFrame();
    assert.deepEqual([frame.command, frame.connectionId], [Command.CLIENT_ENDED, id]);
    scene.clock.advance(PATIENCE.half);
    assert.equal(transport.ending, undefined);
    worker.send({ command: Command.CLIENT_ENDED, connectionId: id });
    await scene.say(worker, WorkerState.READY);
    assert.equal(transport.ending, 'finished');
    scene.gateway.clients.closed(transport);
  });
});
