import assert from 'node:assert/strict';
import { type TestContext, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Command } from '#src/wire/command.js';
import { A, WorkerScene } from '../support/worker-scene.js';

const TIMEOUT = 1000;
const ID = '7f000001000100000007';

/** A test with a bound: what these wait for either comes at once or never. */
function it(name: string, run: (t: TestContext) => Promise<void>): void {
  test(name, { timeout: 10_000 }, run);
}

/** Messages that say `hold` are pending until {@link goOn}; all that a handler does is said. */
class Scene extends WorkerScene {
  readonly #held: Array<() => void> = [];

  constructor(t: TestContext) {
    super(
      t,
      {
        onMessage: (client, message) => {
          const text = String(message);
          this.did(text);
          if (!text.startsWith('hold')) return undefined;
          return new Promise<void>((resolve) => {
            this.#held.push(() => {
              client.session[text] = true;
              resolve();
            });
          });
        },
      },
      TIMEOUT,
    );
  }

  goOn(): void {
    for (const resolve of this.#held.splice(0)) resolve();
  }
}

/** Whether a promise has resolved once everything that was under way has been done. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => (done = true));
  for (let turns = 0; turns < 5; turns++) await turn();
  return done;
}

describe('a business worker that is to end', () => {
  it('is idle at once when no handler is pending', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'hello');
    await scene.doneBy(1);
    await scene.until(() => scene.asked.length === 1);
    for (let turns = 0; turns < 5; turns++) await turn();
    await scene.worker.idle();
  });

  it('is idle when the last of its pending handlers is done, whoever’s it is', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'hold a');
    await scene.doneBy(1);
    const idle = scene.worker.idle();
    scene.send(A, 'hold b', '', 0, 8);
    await scene.doneBy(2);
    assert.equal(await isDone(idle), false);
    scene.goOn();
    await idle;
  });

  it('is not idle while what waits behind a handler is still to be handled', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'hold a');
    scene.send(A, 'hold b');
    await scene.doneBy(1);
    const idle = scene.worker.idle();
    scene.goOn();
    await scene.doneBy(2);
    assert.equal(await isDone(idle), false);
    scene.goOn();
    await idle;
  });

  it('is not idle while it waits for a thread before it to be done with a client', async (t) => {
    const scene = new Scene(t);
    scene.worker.awaitRelease([ID]);
    const idle = scene.worker.idle();
    assert.equal(await isDone(idle), false);
    scene.worker.release(ID, 0);
    await idle;
  });
});

describe('a business worker whose thread is taken over from', () => {
  it('names the clients whose handlers are pending, and tells when each is done', async (t) => {
    const scene = new Scene(t);
    const released: string[] = [];
    scene.send(A, 'hold a');
    scene.send(A, 'never', '', 0);
    scene.send(A, 'hold b', '', 0, 8);
    scene.send(A, 'hello', '', 0, 9);
    await scene.doneBy(3);
    scene.worker.retire((clientId) => released.push(clientId));
    assert.deepEqual(scene.worker.handlers.pending, [ID, '7f000001000100000008']);
    scene.goOn();
    await scene.worker.idle();
    assert.deepEqual(released, [ID, '7f000001000100000008']);
    assert.deepEqual(scene.worker.handlers.pending, []);
    assert.equal(scene.done.includes('never'), false, 'what waits is left to the next thread');
  });

  it('waits for no thread before it any more', async (t) => {
    const scene = new Scene(t);
    scene.worker.awaitRelease([ID]);
    scene.worker.retire(() => {});
    await scene.worker.idle();
  });
});

describe('a business worker that takes over from another', () => {
  it('has the events of clients wait that the other is busy with, and of no others', async (t) => {
    const scene = new Scene(t);
    scene.worker.awaitRelease([ID]);
    scene.send(A, 'waits');
    scene.send(A, 'other', '', 0, 8);
    await scene.doneBy(1);
    assert.deepEqual(scene.done, ['other']);
    scene.worker.release(ID, 0);
    assert.deepEqual(await scene.doneBy(2), ['other', 'waits']);
    assert.deepEqual(scene.asked, [8, 7], 'each one’s state is asked for first');
  });

  it('takes a client that was released before its first event for any other', async (t) => {
    const scene = new Scene(t);
    scene.worker.awaitRelease([ID]);
    scene.worker.release(ID, 0);
    scene.worker.release(ID, 0);
    scene.send(A, 'hello');
    assert.deepEqual(await scene.doneBy(1), ['hello']);
  });
});

describe('a handler that takes too long', () => {
  it('no longer holds back its client after processTimeout, to the millisecond', async (t) => {
    const scene = new Scene(t);
    const before = performance.now();
    scene.send(A, 'hold');
    scene.send(A, 'next');
    await scene.doneBy(1);
    const after = performance.now();
    scene.worker.handlers.giveUpOnLate(before + TIMEOUT - 1);
    for (let turns = 0; turns < 5; turns++) await turn();
    assert.deepEqual(scene.done, ['hold']);
    scene.worker.handlers.giveUpOnLate(after + TIMEOUT);
    assert.deepEqual(await scene.doneBy(2), ['hold', 'next']);
    assert.deepEqual(scene.worker.handlers.pending, []);
  });

  it('is given up without those that began later, and stores nothing once it is done after all', async (t) => {
    const scene = new Scene(t);
    const released: string[] = [];
    scene.send(A, 'hold a');
    await scene.doneBy(1);
    const between = performance.now();
    while (performance.now() <= between);
    scene.send(A, 'hold b', '', 0, 8);
    await scene.doneBy(2);
    scene.worker.retire((clientId) => released.push(clientId));
    scene.worker.handlers.giveUpOnLate(between + TIMEOUT);
    assert.deepEqual(released, [ID]);
    assert.deepEqual(scene.worker.handlers.pending, ['7f000001000100000008']);
    const idle = scene.worker.idle();
    assert.equal(await isDone(idle), false, 'it is still pending');
    scene.goOn();
    await idle;
    assert.deepEqual(released, [ID, '7f000001000100000008'], 'nobody is released twice');
    await scene.commanded(1);
    assert.deepEqual(
      scene.commands.filter((line) => line.startsWith(`${Command.PATCH_SESSION} `)),
      [`${Command.PATCH_SESSION} 1:8 {"set":{"hold b":true},"delete":[]}`],
    );
  });
});

/** Handlers that keep the thread for a millisecond. */
function busyScene(t: TestContext): WorkerScene {
  const scene: WorkerScene = new WorkerScene(t, {
    onMessage: (client, message) => {
      const began = performance.now();
      while (performance.now() - began < 1);
      scene.did(`${Number.parseInt(client.id.slice(-2), 16)} ${String(message)}`);
    },
  });
  return scene;
}

/** The messages that were handled of one client, in order. */
function numbersOf(done: readonly string[], id: number): number[] {
  const lines = done.map((line) => line.split(' ').map(Number));
  return lines.flatMap(([client, n]) => (client === id ? [n] : []));
}

describe('handlers that do not give the thread back', () => {
  const EACH = 60;
  const CLIENTS = 5;

  /** Every client has said hello, so that its state is known, and then sends all that it has at once. */
  async function flood(scene: WorkerScene, send: (id: number, n: number) => void): Promise<void> {
    for (let id = 1; id <= CLIENTS; id++) scene.send(A, 'hello', '', 0, id);
    await scene.doneBy(CLIENTS);
    scene.done.length = 0;
    for (let id = 1; id <= CLIENTS; id++) for (let n = 0; n < EACH; n++) send(id, n);
  }

  it('take turns: each client’s are handled in order, and none has to wait for all of another’s', async (t) => {
    const scene = busyScene(t);
    await flood(scene, (id, n) => scene.send(A, String(n), '', 0, id));
    const idle = scene.worker.idle();
    await scene.doneBy(1);
    scene.send(A, '0', '', 0, 99);
    const done = await scene.doneBy(CLIENTS * EACH + 1);
    const half = done.slice(0, (CLIENTS * EACH) / 2);
    for (let id = 1; id <= CLIENTS; id++) {
      assert.deepEqual(
        numbersOf(done, id),
        Array.from({ length: EACH }, (_, n) => n),
      );
      const share = numbersOf(half, id).length;
      assert.ok(share > EACH / 4, `client ${id} has had ${share} of its ${EACH} in half of the time`);
    }
    assert.ok(half.includes('99 0'), 'who comes later is not the last');
    await idle;
  });

  it('are handled once, and in order, where another thread takes over in between', async (t) => {
    const scene = busyScene(t);
    await flood(scene, (id, n) => scene.send(A, String(n), '', 0, id));
    await scene.doneBy(1);
    scene.worker.retire(() => {});
    await scene.thread.link.leaveEvents();
    await scene.worker.idle();
    const before = scene.done.length;
    assert.ok(before < CLIENTS * EACH, 'all were handled already');
    for (let turns = 0; turns < 5; turns++) await turn();
    assert.equal(scene.done.length, before, 'what waits is left to the next thread');
    const next = scene.attach();
    next.serve();
    await scene.doneBy(CLIENTS * EACH);
    await next.worker.idle();
    for (let id = 1; id <= CLIENTS; id++) {
      assert.deepEqual(
        numbersOf(scene.done, id),
        Array.from({ length: EACH }, (_, n) => n),
      );
    }
  });

  it('leave what a client sent before it was closed, but for its end', async (t) => {
    const scene = busyScene(t);
    await flood(scene, (id, n) => scene.send(A, String(n), '', 0, id));
    await scene.doneBy(1);
    scene.worker.clients.closed({ localIp: A.ip, localPort: A.port, connectionId: CLIENTS });
    await scene.worker.idle();
    assert.ok(numbersOf(scene.done, CLIENTS).length < EACH);
    assert.equal(numbersOf(scene.done, 1).length, EACH);
  });
});

describe('a gateway that goes while a handler of a client of its is pending', () => {
  it('is the last thing that waits: then the client is forgotten, and nobody asks for its state', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'hold');
    scene.send(A, 'waits');
    await scene.doneBy(1);
    scene.slot.forget(A);
    scene.send({ ...A, port: 2 }, 'fence');
    await scene.doneBy(2);
    assert.notEqual(scene.worker.clients.find(ID), undefined);
    scene.goOn();
    await scene.until(() => scene.done.includes('waits'));
    for (let turns = 0; turns < 5; turns++) await turn();
    assert.equal(scene.worker.clients.find(ID), undefined);
    assert.deepEqual(scene.asked, [7, 7], 'once at its first event, and once for the fence’s client');
    await scene.worker.idle();
  });
});

describe('a business worker whose events are held', () => {
  it('begins none, of new clients neither, and goes on in order', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'hold a');
    scene.send(A, 'behind');
    scene.send(A, 'one', '', 0, 8);
    await scene.doneBy(2);
    const held = scene.worker.hold();
    scene.send(A, 'two', '', 0, 8);
    scene.send(A, 'last');
    assert.equal(await isDone(held), false);
    scene.goOn();
    await held;
    assert.equal(await isDone(scene.doneBy(3) as Promise<unknown>), false);
    scene.worker.goOn();
    await scene.doneBy(5);
    assert.deepEqual(
      scene.done.filter((word) => word !== 'two'),
      ['hold a', 'one', 'behind', 'last'],
    );
    await scene.worker.idle();
  });

  it('does not wait for a thread before it, and takes note of what that says meanwhile', async (t) => {
    const scene = new Scene(t);
    scene.worker.awaitRelease([ID]);
    scene.send(A, 'hello');
    scene.send(A, 'other', '', 0, 8);
    await scene.doneBy(1);
    await scene.worker.hold();
    scene.worker.release(ID, 0);
    while (scene.asked.length < 2) await turn();
    assert.equal(await isDone(scene.doneBy(2) as Promise<unknown>), false);
    scene.worker.goOn();
    assert.deepEqual(await scene.doneBy(2), ['other', 'hello']);
  });

  it('leaves what waits to the next thread when that takes over', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'hold a');
    scene.send(A, 'behind');
    await scene.doneBy(1);
    const held = scene.worker.hold();
    scene.goOn();
    await held;
    scene.worker.retire(() => {});
    await scene.thread.link.leaveEvents();
    const next = scene.attach();
    next.serve();
    assert.deepEqual(await scene.doneBy(2), ['hold a', 'behind']);
    assert.deepEqual(next.worker.handlers.pending, []);
  });
});
