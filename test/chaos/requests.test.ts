import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ANSWER_TIMEOUT } from '#src/gateway/protocols/timeouts.js';
import { endThread } from '../support/chaos-gate.js';
import { ChaosNode } from '../support/chaos-node.js';
import { type Named, NamedClient } from '../support/named-client.js';
import { SplitNode } from '../support/split-node.js';

/** A worker, and what the test does to it, over whatever link. */
interface Worker {
  readonly url: string;
  readonly lost: number;
  reload(): Promise<void>;
  stop(): Promise<void>;
}

const options = { events: 'named', worker: { count: 1, stopTimeout: 20 } };

async function oneProcess(): Promise<Worker> {
  const chaos = await ChaosNode.start(options);
  return {
    url: chaos.url,
    reload: async () => await chaos.node.reload(true),
    stop: async () => await chaos.stop(),
    get lost() {
      return chaos.lost;
    },
  };
}

async function otherNode(): Promise<Worker> {
  const split = await SplitNode.start(options);
  return {
    url: split.url,
    reload: async () => await split.pool.reload(300_000),
    stop: async () => await split.stop(),
    get lost() {
      return split.lost;
    },
  };
}

/** A client that has asked to be asked, and the request that it was sent. */
async function asked(
  url: string,
  timeout?: number,
): Promise<{ ann: NamedClient; id: number; request: Named }> {
  const ann = await NamedClient.connect(url);
  const id = ann.request('ask', { event: 'confirm', data: { text: 'sure?' }, timeout });
  const request = await ann.next();
  assert.deepEqual({ ...request, id: 0 }, { id: 0, event: 'confirm', data: { text: 'sure?' } });
  return { ann, id, request };
}

for (const [link, start] of [
  ['rings', oneProcess],
  ['TCP', otherNode],
] as const) {
  describe(`a client is asked by its own handler, over ${link}`, { timeout: 60_000 }, () => {
    let worker: Worker;
    before(async () => (worker = await start()));
    after(async () => await worker.stop());

    it('its answer passes whatever it sent before, which begins behind it', async () => {
      const { ann, id, request } = await asked(worker.url);
      for (let n = 0; n < 10_000; n++)
        ann.emit('count', { 'as long as a message is': 'that somebody types' });
      ann.answer(request.id, [1, 'yes']);
      const { data, ...rest } = await ann.next();
      assert.deepEqual(rest, { id });
      assert.deepEqual((data as { said: unknown }).said, [1, 'yes']);
      assert.equal(await ann.call('count'), 10_001);
    });

    it('it may refuse, or answer another request first', async () => {
      const { ann, id, request } = await asked(worker.url);
      const error = { code: 'no', message: 'I will not' };
      ann.ws.send(JSON.stringify({ error, id: request.id }));
      const { data } = await ann.next();
      assert.deepEqual({ ...(data as object), thread: 0 }, { thread: 0, code: 'GW_REFUSED', refusal: error });

      const second = ann.request('askTwice');
      assert.ok(second > id);
      const [one, two] = [await ann.next(), await ann.next()];
      ann.answer(two.id, 2);
      ann.answer(two.id, 3); // which nobody waits for any more
      ann.answer(one.id, 1);
      const both = (await ann.next()).data as { said: unknown }[];
      assert.deepEqual(
        both.map(({ said }) => said),
        [1, 2],
      );
    });

    it('an answer is taken from nobody else', async () => {
      const { ann, id, request } = await asked(worker.url);
      const bob = await NamedClient.connect(worker.url);
      bob.answer(request.id, 'of another');
      await bob.call('who');
      ann.answer(request.id, 'mine');
      const answer = await ann.next();
      assert.equal(answer.id, id);
      assert.equal((answer.data as { said: unknown }).said, 'mine');
    });

    it('it does not answer in time, or is gone', async () => {
      const { ann } = await asked(worker.url, 1);
      assert.equal(((await ann.next()).data as { code: unknown }).code, 'GW_TIMEOUT');
      const late = ann.request('ask', { event: 'x', timeout: 0 });
      const answer = await ann.next();
      assert.deepEqual([answer.id, (answer.data as { code: unknown }).code], [late, 'GW_ARGUMENT']);

      const bob = await NamedClient.connect(worker.url);
      bob.emit('leave', 'bob');
      const told = await ann.next();
      assert.deepEqual([told.event, (told.data as { code: unknown }).code], ['bob', 'GW_CLIENT_GONE']);

      const carl = await NamedClient.connect(worker.url);
      carl.emit('tell', 'carl');
      await carl.next();
      const vanished = performance.now();
      carl.ws.socket.terminate();
      const gone = await ann.next();
      assert.deepEqual([gone.event, (gone.data as { code: unknown }).code], ['carl', 'GW_CLIENT_GONE']);
      // a client that sends no more is known long before its connection is given up
      assert.ok(performance.now() - vanished < ANSWER_TIMEOUT);
    });

    it('its answer finds the handler that waits for it in the old thread, over a reload, and so does its end', async () => {
      const { ann, id, request } = await asked(worker.url);
      const [bob, carl] = [await NamedClient.connect(worker.url), await asked(worker.url, 300_000)];
      const old = await bob.call('who');
      const reloaded = worker.reload();
      while ((await bob.call('who')) === old);
      for (let n = 0; n < 10_000; n++)
        ann.emit('count', { 'as long as a message is': 'that somebody types' });
      ann.answer(request.id, 'yes');
      assert.deepEqual(await ann.next(), { id, data: { thread: old, said: 'yes' } });
      assert.equal(await ann.call('count'), 10_001);
      await carl.ann.ws.close();
      // the old thread has nothing left to wait for
      await reloaded;
      assert.notEqual(await ann.call('who'), old);
      assert.equal(worker.lost, 0);
    });

    it('the thread that waits for its answer may die: the next one goes on with what it sent', async () => {
      const { ann, request } = await asked(worker.url);
      const bob = await NamedClient.connect(worker.url);
      for (let n = 0; n < 100; n++) ann.emit('count');
      const old = (await bob.call('who')) as number;
      await endThread(old);
      ann.answer(request.id, 'too late');
      assert.equal(await ann.call('count'), 101);
      assert.notEqual(await ann.call('who'), old);
      assert.equal(worker.lost, 1);
    });

    it('it is asked outside of a handler as well', async () => {
      const ann = await NamedClient.connect(worker.url);
      ann.emit('askLater', 'later');
      const { id } = await ann.next();
      ann.emit('count');
      ann.answer(id, 'here');
      const { event, data } = await ann.next();
      assert.equal(event, 'asked');
      assert.equal((data as { said: unknown }).said, 'here');
    });
  });
}

describe('messages with names over reloads and crashes', { timeout: 60_000 }, () => {
  it('are lost by no reload, and by a crash only what was begun', async () => {
    const chaos = await ChaosNode.start({ events: 'named', worker: { count: 2, stopTimeout: 20 } });
    const clients = await Promise.all(
      Array.from({ length: 10 }, async () => await NamedClient.connect(chaos.url)),
    );
    const load = { over: false };
    const answers = clients.map(async (client) => {
      let sent = 0;
      for (; !load.over; sent++) assert.equal(await client.call('count'), sent + 1);
      return sent;
    });
    await chaos.node.reload(true);
    load.over = true;
    const sent = await Promise.all(answers);
    assert.equal(chaos.lost, 0);
    // each has one that is pending when its thread dies, and a hundred behind it
    for (const client of clients) {
      client.emit('hold');
      for (let n = 0; n < 100; n++) client.emit('count');
    }
    const threads = new Set<number>();
    const watchers = await Promise.all(
      Array.from({ length: 8 }, async () => await NamedClient.connect(chaos.url)),
    );
    for (const watcher of watchers) threads.add((await watcher.call('who')) as number);
    for (const thread of threads) await endThread(thread);
    for (const [n, client] of clients.entries()) assert.equal(await client.call('count'), sent[n] + 101);
    assert.equal(chaos.lost, clients.length);
    await chaos.stop();
  });
});
