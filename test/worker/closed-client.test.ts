import assert from 'node:assert/strict';
import { type TestContext, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Command } from '#src/wire/command.js';
import type { Client } from '#src/worker/client.js';
import { A, B, type WorkerThread, WorkerScene } from '../support/worker-scene.js';

const ID = '7f000001000100000007';

/** A test with a bound: what these wait for either comes at once or never. */
function it(name: string, run: (t: TestContext) => Promise<void>): void {
  test(name, { timeout: 10_000 }, run);
}

/** Handlers that say what they do; what a message says is done: `close`, `hold` until the test goes on, `other ID`. */
class Scene extends WorkerScene {
  readonly #held: Array<() => void> = [];

  constructor(t: TestContext, at: { onConnect?: (client: Client) => unknown } = {}) {
    super(t, {
      onConnect: (client) => {
        this.#note(client, 'onConnect');
        return at.onConnect?.(client);
      },
      onWebSocketConnect: (client) => this.#note(client, 'onWebSocketConnect'),
      onMessage: async (client, message) => {
        this.#note(client, String(message));
        const [word, id] = String(message).split(' ');
        if (word === 'other') this.thread.gateway.closeClient(id);
        if (word.startsWith('hold')) await new Promise<void>((resolve) => void this.#held.push(resolve));
        if (String(message).endsWith('close')) client.close();
      },
      onClose: (client) => this.#note(client, 'onClose'),
    });
  }

  /** The handlers that were held go on. */
  goOn(): void {
    for (const resolve of this.#held.splice(0)) resolve();
  }

  /** Somebody else's message, behind which all that was sent before has been looked at. */
  async fence(): Promise<void> {
    const count = this.done.filter((event) => event === 'fence 9').length;
    this.send(A, 'fence', '', 0, 9);
    await this.until(() => this.done.filter((event) => event === 'fence 9').length > count);
  }

  /** What of client 7 was handled. */
  get handled(): string[] {
    return this.done.filter((event) => event.endsWith(' 7')).map((event) => event.slice(0, -2));
  }

  #note(client: Client, event: string): void {
    this.did(`${event} ${client.events.connectionId}`);
  }
}

/** The first thread leaves what waits to the second, as at a reload. */
async function handOver(scene: Scene, pending: readonly string[] = []): Promise<WorkerThread> {
  const next = scene.attach();
  scene.worker.retire(() => {});
  await scene.thread.link.leaveEvents();
  next.serve(pending);
  return next;
}

describe('a client that its worker closes', () => {
  it('in onConnect has neither its websocket nor a message handled', async (t) => {
    const scene = new Scene(t, { onConnect: (client) => client.close() });
    scene.event(A, { command: Command.ON_CONNECT });
    scene.event(A, { command: Command.ON_WEBSOCKET_CONNECT });
    scene.send(A, 'late');
    scene.event(A, { command: Command.ON_CLOSE });
    await scene.fence();
    assert.deepEqual(scene.handled, ['onConnect', 'onClose']);
    assert.equal(scene.worker.clients.find(ID), undefined);
  });

  it('while its handler is pending has nothing of what waits handled, and the handler goes on', async (t) => {
    const scene = new Scene(t);
    scene.event(A, { command: Command.ON_CONNECT });
    for (const message of ['hold, then close', 'waits', 'waits, too']) scene.send(A, message);
    await scene.fence();
    scene.goOn();
    scene.send(A, 'late');
    scene.event(A, { command: Command.ON_CLOSE });
    await scene.fence();
    assert.deepEqual(scene.handled, ['onConnect', 'hold, then close', 'onClose']);
  });

  it('by the handler of another has its end handled once its own is done, once', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'hold');
    scene.send(A, 'waits');
    await scene.until(() => scene.handled.length === 1);
    scene.send(A, `other ${ID}`, '', 0, 8);
    scene.send(A, 'late');
    scene.event(A, { command: Command.ON_CLOSE });
    await scene.fence();
    assert.deepEqual(scene.handled, ['hold']);
    scene.goOn();
    await scene.until(() => scene.handled.length === 2);
    assert.deepEqual(scene.handled, ['hold', 'onClose']);
  });

  it('before it has seen it is silent from its first event on', async (t) => {
    const scene = new Scene(t);
    scene.thread.gateway.destroyClient(ID);
    for (const command of [Command.ON_CONNECT, Command.ON_MESSAGE, Command.ON_CLOSE]) {
      scene.event(A, { command });
    }
    await scene.fence();
    assert.deepEqual(scene.handled, ['onClose']);
  });

  it('is not another one of the same connection id, nor the next one with it', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'close');
    scene.send(B, 'hello');
    scene.event(A, { command: Command.ON_CLOSE });
    await scene.fence();
    assert.deepEqual(scene.handled, ['close', 'hello', 'onClose']);
    scene.event(A, { command: Command.ON_CONNECT });
    scene.send(A, 'again');
    await scene.fence();
    assert.deepEqual(scene.handled.slice(3), ['onConnect', 'again']);
  });

  it('keeps its events when the call was refused', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'hello');
    await scene.fence();
    assert.throws(() => scene.thread.gateway.closeClient('7f000001000900000007'), { code: 'GW_LINK_CLOSED' });
    scene.send(A, 'more');
    await scene.fence();
    assert.deepEqual(scene.handled, ['hello', 'more']);
  });

  it('is read again if it was paused, so that its end shows', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'hold, then close');
    await scene.until(() => scene.handled.length === 1);
    const paused = (): boolean => scene.commands.some((line) => line.startsWith(`${Command.PAUSE_CLIENT} `));
    while (!paused()) {
      for (let n = 0; n < 100; n++) scene.send(A, 'waits');
      await turn();
    }
    scene.goOn();
    await scene.until(() => scene.commands.some((line) => line.startsWith(`${Command.RESUME_CLIENT} 1:7`)));
    const order = scene.commands.map((line) => Number(line.split(' ', 1)[0]));
    assert.ok(order.indexOf(Command.KICK) < order.indexOf(Command.RESUME_CLIENT));
    await scene.fence();
    assert.deepEqual(scene.handled, ['hold, then close']);
    assert.equal(scene.slot.parked, 0, 'nothing of it is kept for another thread');
  });

  it('is anew when its gateway was gone meanwhile', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'hold');
    await scene.until(() => scene.handled.length === 1);
    scene.thread.gateway.closeClient(ID);
    scene.send(A, 'late');
    scene.slot.forget(A);
    scene.send(A, 'back');
    await scene.fence();
    scene.goOn();
    await scene.until(() => scene.handled.length === 2);
    assert.deepEqual(scene.handled, ['hold', 'back']);
  });
});

describe('a client that a thread has closed, and the threads after it', () => {
  it('what waits is not for the next thread, but its end is', async (t) => {
    const scene = new Scene(t);
    scene.event(A, { command: Command.ON_CONNECT });
    scene.send(A, 'close');
    await scene.until(() => scene.commands.some((line) => line.startsWith(`${Command.KICK} `)));
    scene.worker.retire(() => {});
    // these lie in the ring when the next one takes over
    await scene.thread.link.leaveEvents();
    scene.send(A, 'late');
    scene.event(A, { command: Command.ON_CLOSE });
    scene.attach().serve();
    await scene.fence();
    assert.deepEqual(scene.handled, ['onConnect', 'close', 'onClose']);
    // and the slot has forgotten it
    assert.deepEqual(scene.slot.serveBy(scene.attach().generation).closed, []);
  });

  it('nor is it when the thread died', async (t) => {
    const scene = new Scene(t);
    scene.event(A, { command: Command.ON_CONNECT });
    scene.send(A, 'close');
    await scene.until(() => scene.handled.length === 2);
    scene.thread.link.destroy();
    scene.send(A, 'late');
    scene.slot.detach(scene.thread.generation);
    scene.event(A, { command: Command.ON_CLOSE });
    scene.attach().serve();
    await scene.fence();
    assert.deepEqual(scene.handled, ['onConnect', 'close', 'onClose']);
  });

  it('one that is closed by a handler that is pending in the old thread is silent in the new one', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'hold, then close');
    scene.send(A, 'waits');
    await scene.fence();
    const next = await handOver(scene, [ID]);
    scene.send(A, 'late');
    scene.event(A, { command: Command.ON_CLOSE });
    scene.goOn();
    await scene.until(() => scene.commands.some((line) => line.startsWith(`${Command.KICK} `)));
    next.worker.release(ID, 0);
    await scene.until(() => scene.handled.includes('onClose'));
    assert.deepEqual(scene.handled, ['hold, then close', 'onClose']);
  });
});
