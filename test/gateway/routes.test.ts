import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { hashOf, highest } from '#src/gateway/rendezvous.js';
import { Command, Flag, commandName } from '#src/wire/command.js';
import { emptyFrame, encodeFrame } from '#src/wire/frame.js';
import type { FakeTransport } from '../support/fake-transport.js';
import { type FakeWorker, GatewayScene, turn } from '../support/gateway-scene.js';

/** Who owns a key, of workers with these names. */
function ownerOf(key: string, names: readonly string[]): string | undefined {
  return highest(
    key,
    names.map((name) => ({ name, hash: hashOf(name) })),
  )?.name;
}

/** A key that the worker of this name owns, of those. */
function keyOf(owner: string, names: readonly string[]): string {
  for (let n = 0; ; n++) if (ownerOf(`key-${n}`, names) === owner) return `key-${n}`;
}

/** Two workers, and a client that the first one has. */
class RouteScene {
  readonly gateway: GatewayScene;
  readonly a: FakeWorker;
  readonly b: FakeWorker;
  readonly transport: FakeTransport;
  readonly id: number;
  /** A key of each worker's. */
  readonly keyOfA = keyOf('a', ['a', 'b']);
  readonly keyOfB = keyOf('b', ['a', 'b']);

  constructor(gateway: GatewayScene) {
    this.gateway = gateway;
    this.a = gateway.addWorker(undefined, { name: 'a' });
    this.b = gateway.addWorker(undefined, { name: 'b' });
    const { transport, id } = gateway.join();
    this.transport = transport;
    this.id = id;
  }

  static async create(t: TestContext): Promise<RouteScene> {
    const scene = new RouteScene(await GatewayScene.create(t));
    await turn();
    assert.deepEqual(scene.eventsOf(scene.a), ['ON_CONNECT']);
    return scene;
  }

  say(text: string): void {
    this.gateway.say(this.transport, text);
  }

  /** The client is gone. */
  leave(): void {
    this.gateway.gateway.clients.closed(this.transport);
  }

  async route(worker: FakeWorker, key: string, flags = 0): Promise<void> {
    worker.send({
      command: Command.ROUTE_CLIENT,
      connectionId: this.id,
      flags: Flag.PLAIN_BODY | flags,
      ext: key,
    });
    await turn();
    await turn();
  }

  async moved(
    worker: FakeWorker,
    returned: readonly (readonly [command: number, body: string])[],
    flags = 0,
  ): Promise<void> {
    const body = Buffer.concat(
      returned.map(([command, text]) =>
        encodeFrame({ ...emptyFrame(), command, connectionId: this.id, flags: Flag.PLAIN_BODY, body: text }),
      ),
    );
    worker.send({ command: Command.CLIENT_MOVED, connectionId: this.id, body, flags });
    await turn();
    await turn();
  }

  async send(worker: FakeWorker, command: number): Promise<void> {
    worker.send({ command, connectionId: this.id });
    await turn();
  }

  /** What a worker has got since it was last asked, without the client's id. */
  eventsOf(worker: FakeWorker): string[] {
    return worker.events.splice(0).map((event) => event.replace(` ${this.id}`, ''));
  }
}

describe('a client that goes to the owner of its key', () => {
  it('is not read, and its events queue, until its worker gives it back: then they go on, in order', async (t) => {
    const scene = await RouteScene.create(t);
    scene.say('1');
    scene.say('2');
    await scene.route(scene.a, scene.keyOfB, Flag.OWN);
    assert.equal(scene.transport.paused, true);
    scene.say('3');
    await turn();
    assert.deepEqual(scene.eventsOf(scene.a), ['ON_MESSAGE 1', 'ON_MESSAGE 2', 'CLIENT_ROUTED']);
    assert.deepEqual(scene.eventsOf(scene.b), []);
    await scene.moved(scene.a, [[Command.ON_MESSAGE, '2']]);
    assert.equal(scene.transport.paused, false);
    scene.say('4');
    await turn();
    assert.deepEqual(scene.eventsOf(scene.a), []);
    assert.deepEqual(scene.eventsOf(scene.b), ['ON_MESSAGE 2', 'ON_MESSAGE 3', 'ON_MESSAGE 4']);
    assert.deepEqual(
      scene.gateway.gateway.peers.map(({ clients }) => clients),
      [0, 1],
    );
  });

  it('stays where it belongs: who asks for its own client is answered, and others cost nothing', async (t) => {
    const scene = await RouteScene.create(t);
    await scene.route(scene.a, scene.keyOfA, Flag.OWN);
    assert.deepEqual(scene.eventsOf(scene.a), ['CLIENT_ROUTED own']);
    await scene.route(scene.b, scene.keyOfA);
    await scene.route(scene.b, scene.keyOfA, 0);
    assert.deepEqual(scene.eventsOf(scene.a), []);
    assert.deepEqual(scene.eventsOf(scene.b), []);
    assert.equal(scene.transport.paused, false);
  });

  it('has one key, the last: also one that comes while it moves, back to where it was', async (t) => {
    const scene = await RouteScene.create(t);
    await scene.route(scene.a, scene.keyOfB, Flag.OWN);
    await scene.route(scene.a, scene.keyOfA, Flag.OWN);
    scene.say('1');
    assert.deepEqual(scene.eventsOf(scene.a), ['CLIENT_ROUTED']);
    await scene.moved(scene.a, []);
    assert.deepEqual(scene.eventsOf(scene.a), ['ON_MESSAGE 1']);
    assert.deepEqual(scene.eventsOf(scene.b), []);
  });

  it('is sent back to and fro, as often as its key changes', async (t) => {
    const scene = await RouteScene.create(t);
    for (let n = 0; n < 100; n++) {
      const [from, to, key] =
        n % 2 === 0 ? [scene.a, scene.b, scene.keyOfB] : [scene.b, scene.a, scene.keyOfA];
      await scene.route(from, key, Flag.OWN);
      scene.say(String(n));
      assert.deepEqual(scene.eventsOf(from), ['CLIENT_ROUTED']);
      await scene.moved(from, []);
      assert.deepEqual(scene.eventsOf(to), [`ON_MESSAGE ${n}`]);
    }
  });

  it('may be gone by then: its last events still go where it belongs, and nothing of it is left', async (t) => {
    const scene = await RouteScene.create(t);
    await scene.route(scene.a, scene.keyOfB, Flag.OWN);
    scene.say('1');
    scene.leave();
    // its own worker may ask again meanwhile, and gets the word that is on its way
    await scene.route(scene.a, scene.keyOfA, Flag.OWN);
    assert.deepEqual(scene.eventsOf(scene.a), ['CLIENT_ROUTED']);
    const settled = scene.gateway.gateway.dispatcher.settled();
    await scene.moved(scene.a, [[Command.ON_MESSAGE, '0']]);
    await settled;
    assert.deepEqual(scene.eventsOf(scene.b), ['ON_MESSAGE 0', 'ON_MESSAGE 1', 'ON_CLOSE']);
    assert.deepEqual(
      scene.gateway.gateway.peers.map(({ clients }) => clients),
      [0, 0],
    );
    // one that is wholly gone stays with whoever asks
    await scene.route(scene.b, scene.keyOfA, Flag.OWN);
    assert.deepEqual(scene.eventsOf(scene.b), ['CLIENT_ROUTED own']);
  });

  it('may end: that is one of its events', async (t) => {
    const scene = await RouteScene.create(t);
    scene.gateway.gateway.clients.ended(scene.transport, 1000);
    await scene.route(scene.a, scene.keyOfB, Flag.OWN);
    assert.deepEqual(scene.eventsOf(scene.a), ['CLIENT_ENDED', 'CLIENT_ROUTED']);
    await scene.moved(scene.a, [[Command.CLIENT_ENDED, '']]);
    assert.deepEqual(scene.eventsOf(scene.b), ['CLIENT_ENDED']);
    await scene.send(scene.b, Command.CLIENT_ENDED);
    assert.equal(scene.transport.ending, 'finished');
  });

  it('that its worker has closed: only its end is for the other one', async (t) => {
    const scene = await RouteScene.create(t);
    await scene.route(scene.a, scene.keyOfB, Flag.OWN);
    scene.say('too late');
    await scene.send(scene.a, Command.KICK);
    assert.equal(scene.transport.ending, 'closed');
    scene.leave();
    await scene.moved(scene.a, [], Flag.OWN);
    assert.deepEqual(scene.eventsOf(scene.b), ['ON_CLOSE']);
  });

  for (const command of [Command.PAUSE_CLIENT, Command.RESUME_CLIENT]) {
    it(`${commandName(command)} of the worker before means nothing any more`, async (t) => {
      const scene = await RouteScene.create(t);
      if (command === Command.RESUME_CLIENT) await scene.send(scene.a, Command.PAUSE_CLIENT);
      await scene.route(scene.b, scene.keyOfB);
      await scene.send(scene.a, command);
      scene.say('1');
      await turn();
      assert.deepEqual(scene.eventsOf(scene.a), ['CLIENT_ROUTED']);
      assert.deepEqual(scene.eventsOf(scene.b), []);
      assert.equal(scene.transport.paused, true);
      await scene.moved(scene.a, []);
      assert.deepEqual(scene.eventsOf(scene.b), ['ON_MESSAGE 1']);
      assert.equal(scene.transport.paused, false);
      // and the new one's do
      await scene.send(scene.b, Command.PAUSE_CLIENT);
      scene.say('2');
      await turn();
      assert.deepEqual(scene.eventsOf(scene.b), []);
      await scene.send(scene.b, Command.RESUME_CLIENT);
      await turn();
      assert.deepEqual(scene.eventsOf(scene.b), ['ON_MESSAGE 2']);
    });
  }

  it('waits for no worker that is gone: what queues goes to the owner', async (t) => {
    const scene = await RouteScene.create(t);
    await scene.route(scene.a, scene.keyOfB, Flag.OWN);
    scene.say('1');
    scene.a.link.destroy();
    await scene.b.until('the rest', () => scene.b.events.length > 0);
    assert.deepEqual(scene.eventsOf(scene.b), ['ON_MESSAGE 1']);
    assert.equal(scene.transport.paused, false);
  });

  it('goes to the next owner when the one that it was to go to is gone by then', async (t) => {
    const scene = await RouteScene.create(t);
    const c = scene.gateway.addWorker(undefined, { name: 'c' });
    const key = keyOf('c', ['a', 'b', 'c']);
    await scene.route(scene.a, key, Flag.OWN);
    scene.say('1');
    c.link.destroy();
    await turn();
    await scene.moved(scene.a, []);
    const heir = ownerOf(key, ['a', 'b']) === 'a' ? scene.a : scene.b;
    assert.equal(scene.eventsOf(heir).at(-1), 'ON_MESSAGE 1');
  });

  it('is given back once, by the worker that it was asked of', async (t) => {
    const scene = await RouteScene.create(t);
    await scene.moved(scene.a, [[Command.ON_MESSAGE, 'never sent']]);
    await scene.route(scene.a, scene.keyOfB, Flag.OWN);
    await scene.moved(scene.b, [[Command.ON_MESSAGE, 'not of this worker']]);
    scene.say('1');
    await turn();
    assert.deepEqual(scene.eventsOf(scene.b), []);
    await scene.moved(scene.a, [[Command.ON_MESSAGE, '0']]);
    await scene.moved(scene.a, [[Command.ON_MESSAGE, '0']]);
    assert.deepEqual(scene.eventsOf(scene.b), ['ON_MESSAGE 0', 'ON_MESSAGE 1']);
  });

  it('waits with the gateway’s end', async (t) => {
    const scene = await RouteScene.create(t);
    await scene.route(scene.a, scene.keyOfB, Flag.OWN);
    let settled = false;
    const done = scene.gateway.gateway.dispatcher.settled().then(() => (settled = true));
    await turn();
    assert.equal(settled, false);
    await scene.moved(scene.a, []);
    await done;
  });

  it('whose worker is behind: what queues for that one goes to the owner, behind what it gives back', async (t) => {
    const gateway = await GatewayScene.create(t);
    const a = gateway.addWorker(100, { name: 'a' });
    const { transport, id } = gateway.join();
    await turn();
    const b = gateway.addWorker(undefined, { name: 'b' });
    // this comes when three of them queue
    b.send({ command: Command.ROUTE_CLIENT, connectionId: id, ext: keyOf('b', ['a', 'b']) });
    for (let n = 0; n < 5; n++) gateway.say(transport, String(n));
    assert.equal(transport.paused, true);
    await a.until('the word', () => a.events.at(-1) === `CLIENT_ROUTED ${id}`);
    const got = a.events.filter((event) => event.startsWith('ON_MESSAGE'));
    a.send({ command: Command.CLIENT_MOVED, connectionId: id });
    await b.until('the rest', () => b.events.length === 5 - got.length);
    assert.deepEqual(
      [...got, ...b.events],
      Array.from({ length: 5 }, (_, n) => `ON_MESSAGE ${id} ${n}`),
    );
    assert.equal(transport.paused, false);
  });
});

/** Gives back what the gateway has asked back. */
function give(worker: FakeWorker): void {
  for (const event of worker.events.splice(0)) {
    const [, id] = /^CLIENT_ROUTED (\d+)$/.exec(event) ?? [];
    if (id !== undefined) worker.send({ command: Command.CLIENT_MOVED, connectionId: Number(id) });
  }
}

describe('the owner of a key', () => {
  it('is one of this process’s workers, or of all: then clients move as workers come and go', async (t) => {
    const gateway = await GatewayScene.create(t);
    const names = ['a', 'far-1', 'far-2'];
    const a = gateway.addWorker(undefined, { name: 'a' });
    const far1 = gateway.addWorker(undefined, { name: 'far-1', local: false });
    const clients = Array.from({ length: 30 }, (_, n) => ({ ...gateway.join(), key: `room-${n}` }));
    for (const { id, key } of clients) {
      a.send({
        command: Command.ROUTE_CLIENT,
        connectionId: id,
        flags: Flag.PLAIN_BODY,
        ext: key,
        body: 'cluster',
      });
    }
    /** Who has a client: known by who gets its next event. */
    const holders = async (workers: Readonly<Record<string, FakeWorker>>): Promise<string[]> => {
      for (let n = 0; n < 4; n++) {
        await turn();
        for (const worker of Object.values(workers)) give(worker);
      }
      for (const { transport, key } of clients) gateway.say(transport, key);
      await turn();
      return clients.map(({ id, key }) => {
        const having = Object.keys(workers).filter((name) =>
          workers[name].events.includes(`ON_MESSAGE ${id} ${key}`),
        );
        assert.equal(having.length, 1, `${key} is with ${having.join(' and ')}`);
        return having[0];
      });
    };
    const expected = (among: readonly string[]): (string | undefined)[] =>
      clients.map(({ key }) => ownerOf(key, among));
    assert.deepEqual(await holders({ a, 'far-1': far1 }), expected(['a', 'far-1']));
    const far2 = gateway.addWorker(undefined, { name: 'far-2', local: false });
    assert.deepEqual(await holders({ a, 'far-1': far1, 'far-2': far2 }), expected(names));
    far1.link.destroy();
    assert.deepEqual(await holders({ a, 'far-2': far2 }), expected(['a', 'far-2']));
    // among this process's own there is one
    for (const { id, key } of clients) a.send({ command: Command.ROUTE_CLIENT, connectionId: id, ext: key });
    assert.deepEqual(new Set(await holders({ a, 'far-2': far2 })), new Set(['a']));
  });
});
