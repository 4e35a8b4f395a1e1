import assert from 'node:assert/strict';
import { type TestContext, describe, test } from 'node:test';
import { Command, Flag } from '#src/wire/command.js';
import { decodeFrame } from '#src/wire/frame.js';
import type { Client } from '#src/worker/client.js';
import { A, B, PHP, type WorkerThread, WorkerScene } from '../support/worker-scene.js';

const ID = '7f000001000100000007';
const ROUTE = `${Command.ROUTE_CLIENT} 1:7 room`;

/** A test with a bound: what these wait for either comes at once or never. */
function it(name: string, run: (t: TestContext) => Promise<void>): void {
  test(name, { timeout: 10_000 }, run);
}

/** Handlers that do what a message says: `route`, `hold` until the test goes on, `hold, then route`, `close`, `exit`. */
class Scene extends WorkerScene {
  readonly #held: Array<() => void> = [];

  constructor(t: TestContext) {
    super(t, {
      onMessage: async (client, message) => {
        const text = String(message);
        this.#note(client, text);
        if (text.startsWith('hold')) await new Promise<void>((resolve) => void this.#held.push(resolve));
        if (text.endsWith('route')) client.route('room');
        if (text.endsWith('twice')) {
          client.route('another');
          client.route('room');
        }
        if (text.endsWith('close')) client.close();
      },
      onClose: (client) => this.#note(client, 'onClose'),
    });
    this.event(A, { command: Command.ON_CONNECT });
  }

  goOn(): void {
    for (const resolve of this.#held.splice(0)) resolve();
  }

  /** The gateway says that the client stays, or goes to another worker. */
  answer(where: 'stays' | 'moves', gateway = A): void {
    this.event(gateway, {
      command: Command.CLIENT_ROUTED,
      flags: Flag.PLAIN_BODY | (where === 'stays' ? Flag.OWN : 0),
    });
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

/** The first thread is gone, and the second one has its place. */
function die(scene: Scene, pending: readonly string[] = []): WorkerThread {
  const next = scene.attach();
  scene.thread.link.destroy();
  next.serve(pending);
  return next;
}

/** The events that the client's worker has given back, when it has: their bodies, or names. */
async function givenBack(scene: Scene): Promise<string[]> {
  await scene.until(() => scene.returned.length > 0);
  const [{ body }] = scene.returned.splice(0, 1);
  const events: string[] = [];
  for (let start = 0; start < body.length; ) {
    const length = body.readUInt32BE(start);
    const { command, ...frame } = decodeFrame(body, undefined, start, length);
    events.push(
      command === Command.ON_MESSAGE
        ? body.toString('utf8', frame.bodyStart, frame.bodyEnd)
        : String(command),
    );
    start += length;
  }
  return events;
}

describe('a client that asks where its events go', () => {
  it('has none of them begun before the answer; when it stays, they go on', async (t) => {
    const scene = new Scene(t);
    for (const message of ['route', 'a', 'b']) scene.send(A, message);
    await scene.fence();
    assert.deepEqual(scene.handled, ['route']);
    assert.deepEqual(scene.commands, [ROUTE]);
    scene.answer('stays');
    scene.send(A, 'c');
    await scene.until(() => scene.handled.length === 4);
    assert.deepEqual(scene.handled, ['route', 'a', 'b', 'c']);
    assert.equal(scene.asked.includes(7), false);
    assert.deepEqual(scene.returned, []);
  });

  it('and asks twice waits for both answers', async (t) => {
    const scene = new Scene(t);
    for (const message of ['twice', 'a']) scene.send(A, message);
    scene.answer('stays');
    await scene.fence();
    assert.deepEqual(scene.handled, ['twice']);
    scene.answer('stays');
    await scene.until(() => scene.handled.length === 2);
  });

  it('gives back what has not begun when it moves, and is forgotten', async (t) => {
    const scene = new Scene(t);
    for (const message of ['route', 'a', 'b']) scene.send(A, message);
    scene.event(A, { command: Command.CLIENT_ENDED });
    scene.answer('moves');
    assert.deepEqual(await givenBack(scene), ['a', 'b', String(Command.CLIENT_ENDED)]);
    assert.deepEqual(scene.handled, ['route']);
    assert.equal(scene.worker.clients.find(ID), undefined);
    assert.equal(scene.slot.hasEvents, false);
    // it comes back: it is met as one that another worker had
    scene.send(A, 'c');
    await scene.until(() => scene.handled.length === 2);
    assert.equal(scene.asked.includes(7), true);
  });

  it('moves once its handler is done, and what that sent is before it', async (t) => {
    const scene = new Scene(t);
    for (const message of ['hold, then close', 'a']) scene.send(A, message);
    scene.answer('moves');
    scene.event(A, { command: Command.ON_CLOSE });
    await scene.fence();
    assert.equal(scene.returned.length, 0);
    scene.goOn();
    await scene.until(() => scene.returned.length > 0);
    assert.equal(scene.commands.at(-1)?.startsWith(`${Command.KICK} `), true);
    assert.ok(scene.returned.every(({ flags }) => (flags & Flag.OWN) !== 0));
    assert.deepEqual(await givenBack(scene), [String(Command.ON_CLOSE)]);
  });

  it('that nobody here has met is given back at once', async (t) => {
    const scene = new Scene(t);
    const next = die(scene);
    scene.answer('moves');
    assert.deepEqual(await givenBack(scene), []);
    assert.equal(next.worker.clients.find(ID), undefined);
    assert.equal(scene.slot.hasEvents, false);
  });

  it('gives back events that are parked and events that are long, in order', async (t) => {
    const scene = new Scene(t);
    const sent = Array.from({ length: 60 }, (_, n) => `${n} `.padEnd(n % 20 === 0 ? 30_000 : 500, '.'));
    scene.send(A, 'hold');
    for (const message of sent) scene.send(A, message);
    scene.answer('moves');
    await scene.fence();
    assert.ok(scene.slot.parked > 0);
    scene.goOn();
    assert.deepEqual(await givenBack(scene), sent);
    await scene.fence();
    assert.equal(scene.slot.parked, 0);
    assert.equal(scene.slot.hasEvents, false);
  });
});

describe('a client that asks where its events go, when another thread takes over', () => {
  for (const [how, takeOver] of [
    ['as at a reload', handOver],
    ['of one that has died', async (scene: Scene) => await Promise.resolve(die(scene))],
  ] as const) {
    it(`before the answer, ${how}: its events wait there as well`, async (t) => {
      const scene = new Scene(t);
      for (const message of ['route', 'a']) scene.send(A, message);
      await scene.fence();
      await takeOver(scene);
      scene.send(A, 'b');
      await scene.fence();
      assert.deepEqual(scene.handled, ['route']);
      scene.answer('stays');
      await scene.until(() => scene.handled.length === 3);
      assert.deepEqual(scene.handled, ['route', 'a', 'b']);
    });

    it(`after it, ${how}: nothing waits for it again`, async (t) => {
      const scene = new Scene(t);
      scene.send(A, 'route');
      scene.answer('stays');
      await scene.fence();
      await takeOver(scene);
      scene.send(A, 'a');
      await scene.until(() => scene.handled.length === 2);
    });

    it(`before it was given back, ${how}: that gives it back`, async (t) => {
      const scene = new Scene(t);
      for (const message of ['route', 'a']) scene.send(A, message);
      await scene.fence();
      await takeOver(scene);
      scene.send(A, 'b');
      scene.answer('moves');
      assert.deepEqual(await givenBack(scene), ['a', 'b']);
      assert.deepEqual(scene.handled, ['route']);
    });
  }

  it('while its handler is pending in the old one: it moves when that is done', async (t) => {
    const scene = new Scene(t);
    for (const message of ['hold', 'a']) scene.send(A, message);
    scene.answer('moves');
    await scene.fence();
    const next = await handOver(scene, [ID]);
    await scene.fence();
    assert.deepEqual(scene.returned, []);
    scene.goOn();
    await scene.fence();
    assert.deepEqual(scene.returned, []);
    next.worker.release(ID, scene.slot.tellRoutes(ID));
    assert.deepEqual(await givenBack(scene), ['a']);
  });

  for (const early of [true, false]) {
    it(`asked by that handler, with the answer ${early ? 'before' : 'after'} the release: the new one waits for it`, async (t) => {
      const scene = new Scene(t);
      scene.send(A, 'hold, then route');
      await scene.fence();
      const next = await handOver(scene, [ID]);
      for (const message of ['a', 'b']) scene.send(A, message);
      scene.goOn();
      await scene.until(() => scene.commands.length === 1);
      if (early) scene.answer('stays');
      await scene.fence();
      assert.deepEqual(scene.handled, ['hold, then route']);
      next.worker.release(ID, scene.slot.tellRoutes(ID));
      await scene.until(() => scene.asked.includes(7));
      await scene.fence();
      if (!early) {
        assert.deepEqual(scene.handled, ['hold, then route']);
        scene.answer('stays');
      }
      await scene.until(() => scene.handled.length === 3);
      assert.deepEqual(scene.handled, ['hold, then route', 'a', 'b']);
      // and the one after it has nothing to wait for
      const last = scene.attach();
      next.link.destroy();
      last.serve();
      scene.send(A, 'c');
      await scene.until(() => scene.handled.length === 4);
    });
  }

  it('asked by a call in the old one, when it is the new one’s already: that is no question of its own worker’s', async (t) => {
    const scene = new Scene(t);
    await scene.fence();
    await handOver(scene);
    scene.send(A, 'a');
    await scene.until(() => scene.handled.length === 1);
    scene.thread.gateway.routeClient(ID, 'room');
    await scene.until(() => scene.commands.length === 1);
    scene.send(A, 'b');
    await scene.until(() => scene.handled.length === 2);
  });
});

describe('a client that asks where its events go, and whose gateway does not answer', () => {
  it('since the link to it broke: its events go on here, also when the word that it moves has come', async (t) => {
    const scene = new Scene(t);
    for (const message of ['route', 'a']) scene.send(B, message);
    // a client whose first event is none of its beginning waits for its state
    await scene.until(() => scene.handled.length === 1);
    await scene.fence();
    scene.worker.routes.lost(B);
    await scene.until(() => scene.handled.length === 2);
    for (const message of ['hold', 'b']) scene.send(B, message);
    await scene.until(() => scene.handled.length === 3);
    scene.answer('moves', B);
    await scene.fence();
    scene.worker.routes.lost(B);
    scene.goOn();
    await scene.until(() => scene.handled.includes('b'));
    assert.deepEqual(scene.handled, ['route', 'a', 'hold', 'b']);
    assert.deepEqual(scene.returned, []);
    await scene.fence();
    assert.equal(scene.slot.hasEvents, false);
  });

  it('since the link to it broke, which is known from its last event: they go on, and the client is forgotten', async (t) => {
    const scene = new Scene(t);
    scene.event(B, { command: Command.ON_CONNECT });
    for (const message of ['route', 'a']) scene.send(B, message);
    scene.slot.forget(B);
    await scene.until(() => scene.handled.length === 2);
    await scene.fence();
    assert.equal([...scene.worker.clients.of(B)].length, 0);
    // should it be here again: nothing waits for what was asked before, in a thread that takes over, either
    const next = die(scene);
    scene.send(B, 'b');
    await scene.until(() => scene.handled.length === 3);
    assert.equal([...next.worker.clients.of(B)].length, 1);
  });

  it('since no event comes any more: its events go on here, and nobody asks again', async (t) => {
    const scene = new Scene(t);
    for (const message of ['route', 'a', 'route', 'b']) scene.send(A, message);
    await scene.fence();
    scene.worker.routes.end();
    await scene.until(() => scene.handled.length === 4);
    await scene.until(() => scene.commands.length === 2);
    assert.deepEqual(scene.commands, [ROUTE, ROUTE]);
  });

  it('since it is PHP’s, which knows no keys: the call says so', (t) => {
    const scene = new Scene(t);
    assert.throws(() => scene.gateway.routeClient('7f000001000300000007', 'room'), {
      code: 'GW_ARGUMENT',
      message: /whose gateway 127\.0\.0\.1:3 knows no keys/,
    });
    assert.equal(PHP.routes, false);
    return Promise.resolve();
  });
});
