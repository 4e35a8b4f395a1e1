import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ChaosBoard } from '../support/chaos-board.js';
import { openGate } from '../support/chaos-gate.js';
import { ChaosNode } from '../support/chaos-node.js';
import { WsClient } from '../support/ws-client.js';

interface Received {
  readonly at: string;
  readonly data: unknown;
  readonly from: { name: string; node: string; id: number } | null;
}

const FIRST = { name: 'chaos:0', node: 'chaos', id: 0 };

describe('messages from worker to worker', { timeout: 60_000 }, () => {
  let chaos: ChaosNode;
  let client: WsClient;
  /** What the client was told of messages while it waited for an answer, oldest first. */
  const received: Received[] = [];

  const board = ChaosBoard.create(0, 0);

  before(async () => {
    chaos = await ChaosNode.start({
      events: 'mail',
      gateway: { sendToWorkerBufferSize: 65_536, sendToClientBufferSize: 100_000_000 },
      worker: { count: 3, stopTimeout: 20, sendToGatewayBufferSize: 100_000_000 },
    });
    for (let found = ''; found !== 'chaos:0'; found = (await ask('who')).result as string) {
      client = await WsClient.connect(chaos.url);
    }
  });
  after(async () => {
    openGate();
    board.unblock();
    await chaos.stop();
  });

  async function ask(
    ...request: readonly unknown[]
  ): Promise<{ result?: unknown; code?: string; message?: string }> {
    client.send(JSON.stringify(request));
    for (;;) {
      const answer = JSON.parse(String(await client.next())) as Received & { result?: unknown };
      if ('at' in answer) received.push(answer);
      else return answer;
    }
  }

  async function next(): Promise<Received> {
    return received.shift() ?? (JSON.parse(String(await client.next())) as Received);
  }

  it('go to one by its name, and say who has sent them; it can answer', async () => {
    assert.deepEqual(await ask({ name: 'chaos:2' }, 'back'), { result: true });
    const got = [await next(), await next()].toSorted((a, b) => a.at.localeCompare(b.at));
    assert.deepEqual(got, [
      { at: 'chaos:0', data: 'answer', from: { name: 'chaos:2', node: 'chaos', id: 2 } },
      { at: 'chaos:2', data: 'back', from: FIRST },
    ]);
    await ask({ name: 'chaos:0' }, 'to itself');
    assert.deepEqual(await next(), { at: 'chaos:0', data: 'to itself', from: FIRST });
  });

  it('bring over what JSON has, and bytes', async () => {
    for (const data of [null, 0, '', 'ünï 🙂', false, [1, [2]], { a: { b: null } }]) {
      await ask({ name: 'chaos:1' }, data);
      assert.deepEqual((await next()).data, data);
    }
    client.send(Buffer.from([0, 255, 10]));
    assert.deepEqual((await next()).data, { hex: '00ff0a' });
    const long = 'x'.repeat(300_000);
    await ask({ name: 'chaos:1' }, long);
    assert.ok((await next()).data === long);
  });

  it('go to the worker that owns a key: the one that clients with this key go to', async () => {
    const owners = new Set<string>();
    for (let key = 0; key < 8; key++) {
      const visitor = await WsClient.connect(chaos.url);
      visitor.send(JSON.stringify(['route', key]));
      visitor.send(JSON.stringify(['who']));
      const { result: owner } = JSON.parse(String(await visitor.next())) as { result: string };
      await visitor.close();
      for (const name of [String(key), key]) {
        await ask(name, 'hello', { scope: key % 2 === 0 ? 'node' : 'cluster' });
        assert.equal((await next()).at, owner);
      }
      owners.add(owner);
    }
    assert.ok(owners.size > 1);
  });

  const REFUSED: readonly (readonly [to: unknown, data: unknown, options: object, message: RegExp])[] = [
    ['', 1, {}, /sendToWorker was given "" as a key/],
    [null, 1, {}, /sendToWorker was given null as a key/],
    [{}, 1, {}, /that has no name; expected a key .* or a worker/],
    [{ name: 7 }, 1, {}, /that has no name/],
    ['tea', 'nothing', {}, /sendToWorker was given nothing as its data; expected plain values/],
    ['tea', 1, { scope: 'all' }, /"all" as its scope; expected 'node' or 'cluster'/],
  ];
  for (const [to, data, options, message] of REFUSED) {
    it(`are refused at once: ${message.source}`, async () => {
      const refusal = await ask(to, data, options);
      assert.equal(refusal.code, 'GW_ARGUMENT');
      assert.match(refusal.message ?? '', message);
    });
  }

  it('are begun in their order, each once, over reloads and a crash', async () => {
    const reloads = (async () => {
      await chaos.node.reload(false);
      await ask({ name: 'chaos:1' }, 'exit');
      await chaos.node.reload(false);
    })();
    const reloaded = { all: false };
    const sent: number[] = [];
    const pump = async (): Promise<void> => {
      for (let n = 0; !reloaded.all || n < 100; n++) {
        sent.push(n);
        other.send(JSON.stringify([{ name: 'chaos:1' }, { n }]));
        while ('at' in JSON.parse(String(await other.next())));
      }
    };
    const other = await WsClient.connect(chaos.url);
    const pumping = pump();
    await reloads;
    reloaded.all = true;
    await pumping;
    const numbers: number[] = [];
    while (numbers.length < sent.length) numbers.push(((await next()).data as { n: number }).n);
    assert.deepEqual(numbers, sent);
    assert.equal(chaos.deaths, 1);
    const line = await chaos.logged('that a thread had begun');
    // the one that ended it, and those before it in the same turn, whose promises had yet to settle
    assert.match(line.msg, /^\d+ events? that a thread had begun (is|are) not done: onWorkerMessage\b/);
    await other.close();
  });

  it('overlap while they are pending, and a reload waits for them; one that fails is logged', async () => {
    await ask({ name: 'chaos:1' }, 'wait');
    await ask({ name: 'chaos:1' }, 'throw');
    await ask({ name: 'chaos:1' }, 'after');
    assert.equal((await next()).data, 'after');
    const { msg, from, worker } = await chaos.logged('onWorkerMessage failed');
    assert.deepEqual([msg, from, worker], ['onWorkerMessage failed: as it was told', 'chaos:0', 1]);
    await chaos.node.reload(false);
    openGate();
    assert.equal((await next()).data, 'wait');
  });

  it('for nobody are dropped, counted and logged', async () => {
    const dropped = chaos.node.status().counters.workerMessagesDropped;
    assert.deepEqual(await ask({ name: 'chaos:9' }, 1), { result: true });
    const line = await chaos.logged('is dropped');
    assert.equal(
      line.msg,
      'a message for the worker "chaos:9" is dropped: there is none of that name that takes messages. Expected one of chaos:0, chaos:1, chaos:2: a worker that leaves takes none, nor does one of PHP’s or of an older version.',
    );
    assert.equal(chaos.node.status().counters.workerMessagesDropped, dropped + 1);
  });

  it('for one that is more than twice its buffer behind are dropped, counted and logged', async () => {
    const dropped = chaos.node.status().counters.workerMessagesDropped;
    await ask({ name: 'chaos:1' }, 'block');
    await ask({ name: 'chaos:1' }, { filler: 'x'.repeat(10_000) }, {}, 100);
    const line = await chaos.logged('is dropped');
    assert.match(
      line.msg,
      /^a message for the worker chaos:1 is dropped: \d+ bytes wait for it, more than twice sendToWorkerBufferSize \(65536\)\. Send it less, /,
    );
    board.unblock();
    const lost = chaos.node.status().counters.workerMessagesDropped - dropped;
    assert.ok(lost > 50 && lost < 100);
    assert.equal((await next()).data, 'block');
    for (let n = 0; n < 100 - lost; n++) assert.equal(((await next()).data as { n: number }).n, n);
  });
});

describe('messages for a worker without onWorkerMessage', () => {
  it('are dropped, and it says so', async (t) => {
    const chaos = await ChaosNode.start({ events: 'state', worker: { count: 1 } });
    t.after(async () => await chaos.stop());
    const client = await WsClient.connect(chaos.url);
    client.send('mail');
    const line = await chaos.logged('no onWorkerMessage');
    assert.match(
      line.msg,
      /^The worker chaos:0 has sent this worker a message, .* it is dropped\. Give events\//,
    );
    assert.equal(chaos.deaths, 0);
  });
});
