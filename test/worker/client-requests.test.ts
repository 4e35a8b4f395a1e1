import assert from 'node:assert/strict';
import { type TestContext, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Command, Flag } from '#src/wire/command.js';
import { packNamed } from '#src/wire/named-bytes.js';
import type { Client } from '#src/worker/client.js';
import { A, PHP, type WorkerThread, WorkerScene } from '../support/worker-scene.js';

const ID = '7f000001000100000007';

function it(name: string, run: (t: TestContext) => Promise<void>): void {
  test(name, { timeout: 10_000 }, run);
}

/** A handler of messages without names, which asks its client where one says `ask`. */
class Scene extends WorkerScene {
  constructor(t: TestContext) {
    super(t, {
      onMessage: async (client, message) => {
        this.did(String(message));
        if (message === 'ask') this.did(JSON.stringify(await ask(client)) ?? 'nothing');
        if (message === 'close') client.close();
        if (message === 'route') client.route('room');
      },
      onClose: (client) => this.did(`closed ${client.events.connectionId}`),
    });
  }

  /** The id of the request that the handler has sent last. */
  async requestId(count = 1): Promise<number> {
    await this.until(() => this.#requests.length >= count);
    const [, , id] = /^(\d+) .*\{"id":(\d+),"event":"sure"\}$/.exec(this.#requests.at(-1) ?? '') ?? [];
    return Number(id);
  }

  get #requests(): string[] {
    return this.commands.filter((command) => command.startsWith(`${Command.SEND_TO_ONE} `));
  }
}

async function ask(client: Client): Promise<unknown> {
  try {
    return await client.request('sure');
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

/** The first thread leaves what waits to the second, as at a reload. */
async function handOver(scene: Scene): Promise<WorkerThread> {
  const { worker } = scene;
  worker.retire(() => {});
  await scene.thread.link.leaveEvents();
  const next = scene.attach();
  next.serve(worker.handlers.pending);
  return next;
}

describe('an answer to client.request', () => {
  it('comes through while events are held, in which its handler ends, and nothing else begins', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'ask');
    const id = await scene.requestId();
    const held = scene.worker.hold();
    scene.send(A, 'behind');
    scene.send(A, 'other', '', 0, 8);
    scene.event(A, { command: Command.ON_WORKER_MESSAGE, body: '1', flags: Flag.PLAIN_BODY });
    scene.send(A, `{"id":${id},"data":"yes"}`);
    await held;
    assert.deepEqual(scene.done, ['ask', '"yes"']);
    scene.send(A, 'later', '', 0, 8);
    await turn();
    assert.deepEqual(scene.done, ['ask', '"yes"']);
    scene.worker.goOn();
    await scene.doneBy(5);
    assert.deepEqual(scene.done.slice(2).toSorted(), ['behind', 'later', 'other']);
    assert.ok(scene.done.indexOf('other') < scene.done.indexOf('later'));
    await scene.worker.idle();
  });

  it('may be bytes, from where those are known, and in any order of its members', async (t) => {
    const scene = new Scene(t);
    for (const [n, body, flags, expected] of [
      [
        1,
        (id: number) => packNamed(`{"id":${id},"args":[{"_placeholder":true,"num":0}]}`, [Buffer.of(7)]),
        Flag.NAMED | Flag.BINARY,
        '{"type":"Buffer","data":[7]}',
      ],
      [
        2,
        (id: number) => Buffer.from(`{"data": {"id":1,"event":"x"}, "id": ${id}}`),
        0,
        '{"id":1,"event":"x"}',
      ],
      [3, (id: number) => Buffer.from(`{"id":${id},"args":[1,2]}`), Flag.NAMED, '[1,2]'],
    ] as const) {
      scene.send(A, 'ask');
      scene.send(A, body(await scene.requestId(n)), '', flags);
      await scene.doneBy(2 * n);
      assert.equal(scene.done.at(-1), expected);
    }
  });

  it('is none where it has an event, another id, or is of another client', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'ask');
    const id = await scene.requestId();
    const others = [
      `{"id":${id},"event":"say"}`,
      `{"event":"say","id":${id}}`,
      `{"id":${id + 1},"data":1}`,
      `{"id":"${id}"}`,
      `[${id}]`,
      `{"id":${id}`,
      '{"data":"\\"id\\""}',
    ];
    for (const other of others) scene.send(A, other);
    scene.send(A, Buffer.from(`{"id":${id},"data":"binary"}`), '', Flag.BINARY);
    scene.send(A, `{"id":${id},"data":"of 8"}`, '', 0, 8);
    scene.send(A, `{"id":${id},"data":"yes"}`);
    await scene.doneBy(2 + 1 + others.length + 1);
    const own = scene.done.filter((word) => !word.includes('of 8'));
    assert.deepEqual(own, ['ask', '"yes"', ...others, `{"id":${id},"data":"binary"}`]);
  });

  it('comes over a gateway of PHP’s as well', async (t) => {
    const scene = new Scene(t);
    scene.send(PHP, 'ask');
    scene.send(PHP, 'behind');
    scene.send(PHP, `{"id":${await scene.requestId()},"data":"yes"}`);
    assert.deepEqual(await scene.doneBy(3), ['ask', '"yes"', 'behind']);
  });

  it('is sent on to the thread before, whose handler waits for it, and taken', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'ask');
    const id = await scene.requestId();
    const next = await handOver(scene);
    scene.send(A, 'behind');
    scene.send(A, `{"id":${id},"data":"yes"}`);
    await scene.doneBy(2);
    assert.deepEqual(scene.done, ['ask', '"yes"']);
    next.worker.release(ID, 0);
    assert.deepEqual(await scene.doneBy(3), ['ask', '"yes"', 'behind']);
    await next.worker.idle();
  });

  it('is not what the application says in JSON of its own, over a reload neither', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'ask');
    const id = await scene.requestId();
    const next = await handOver(scene);
    const own = [
      '{"id":5,"data":1}',
      `{"id":${id},"method":"x"}`,
      '{"id":1764328000000}',
      '{"id":-5,"data":1}',
    ];
    for (const text of own) scene.send(A, text);
    scene.send(A, `{"id":${id}}`);
    await scene.doneBy(2);
    next.worker.release(ID, 0);
    assert.deepEqual(await scene.doneBy(2 + own.length), ['ask', 'nothing', ...own]);
  });

  it('does not come any more from a client that is gone, closed, or another worker’s', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'ask');
    await scene.requestId();
    scene.event(A, { command: Command.ON_CLOSE });
    assert.deepEqual(await scene.doneBy(3), ['ask', '"GW_CLIENT_GONE"', 'closed 7']);

    scene.send(A, 'ask');
    await scene.requestId(2);
    scene.slot.forget(A);
    await scene.doneBy(5);
    assert.deepEqual(scene.done.slice(3), ['ask', '"GW_CLIENT_GONE"']);
  });

  it('is not asked for behind route(), since the client is not read then', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'route');
    await scene.doneBy(1);
    const client = scene.worker.clients.find(ID) as Client;
    assert.equal(await ask(client), 'GW_ARGUMENT');
  });

  it('does not wait in a socket that is not read: what waits before it is let in', async (t) => {
    const scene = new Scene(t);
    scene.send(A, 'ask');
    const id = await scene.requestId();
    const long = 'x'.repeat(20_000);
    for (let n = 0; n < 40; n++) scene.send(A, long);
    scene.send(A, `{"id":${id}}`);
    await scene.doneBy(42);
    assert.deepEqual(scene.done.slice(0, 3), ['ask', 'nothing', long]);
    assert.ok(!scene.commands.some((command) => command.startsWith(`${Command.PAUSE_CLIENT} `)));
  });
});
