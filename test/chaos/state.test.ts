import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { openGate } from '../support/chaos-gate.js';
import { ChaosNode, type ChaosNodeOptions } from '../support/chaos-node.js';
import { WsClient } from '../support/ws-client.js';

async function node(worker: ChaosNodeOptions['worker']): Promise<ChaosNode> {
  return await ChaosNode.start({ events: 'state', worker: { count: 1, ...worker } });
}

async function end(chaos: ChaosNode): Promise<void> {
  openGate();
  await chaos.stop();
}

async function clientsOf({ url }: ChaosNode): Promise<[WsClient, WsClient]> {
  return [await WsClient.connect(url), await WsClient.connect(url)];
}

/** What this client is told next, but for that a thread has started. */
async function told(client: WsClient): Promise<string> {
  for (;;) {
    const message = String(await client.next());
    if (!message.startsWith('started')) return message;
  }
}

/** What answers the next message of this client: its first word, its count, and the thread. */
async function answered(client: WsClient): Promise<[word: string, count: number, thread: number]> {
  for (;;) {
    const [word, count, thread] = (await told(client)).split(' ');
    if (word !== 'over' && word !== 'took') return [word, Number(count), Number(thread)];
  }
}

async function say(
  client: WsClient,
  message: string,
): Promise<[word: string, count: number, thread: number]> {
  client.send(message);
  return await answered(client);
}

describe('a state over a reload', () => {
  let chaos: ChaosNode;
  let ann: WsClient;
  let bob: WsClient;

  before(async () => {
    chaos = await node({ stopTimeout: 20 });
  });
  after(async () => await end(chaos));
  beforeEach(async () => {
    [ann, bob] = await clientsOf(chaos);
  });
  afterEach(async () => await Promise.all([ann.close(), bob.close()]));

  it('goes on where it was, for as many messages as come meanwhile, each once and in order', async () => {
    const threads = new Set<number>();
    const pumped = { enough: false };
    let sent = 0;
    const pump = async (): Promise<void> => {
      for (; !pumped.enough; sent += 10) {
        for (let n = 0; n < 10; n++) for (const client of [ann, bob]) client.send('say');
        for (let n = 1; n <= 10; n++) {
          for (const client of [ann, bob]) {
            const [, count, thread] = await answered(client);
            assert.equal(count, sent + n);
            threads.add(thread);
          }
        }
      }
    };
    const pumping = pump();
    for (let reloads = 0; reloads < 4; reloads++) await chaos.node.reload(false);
    pumped.enough = true;
    await pumping;
    assert.ok(threads.size >= 4);
    assert.equal(chaos.deaths, 0);
  });

  it('what the old code sent last arrives before what the new code sends first', async () => {
    await say(ann, 'flaw much to say');
    await chaos.node.reload(false);
    const words: string[] = [];
    while (words.at(-1) !== 'took over') words.push(await told(ann));
    assert.equal(words.length, 10_002);
    assert.equal(words.at(-2), 'over 9999');
  });

  it('is lost with a thread that dies as it hands over: the reload goes on without', async () => {
    const [, , old] = await say(ann, 'flaw onHandOver dies');
    await chaos.node.reload(false);
    const [, count, fresh] = await say(ann, 'say');
    assert.equal(count, 1);
    assert.notEqual(fresh, old);
  });

  it('is not there after a crash, and undefined is none', async () => {
    const [, , first] = await say(ann, 'say');
    ann.send('exit');
    const [, count, second] = await say(ann, 'say');
    assert.equal(count, 1);
    assert.notEqual(second, first);
    await say(ann, 'flaw nothing');
    await chaos.node.reload(false);
    const [, anew, third] = await say(ann, 'say');
    assert.equal(anew, 1);
    assert.notEqual(third, second);
  });

  it('waits for a handler that is pending, and has what that changed', async () => {
    const [, , old] = await say(bob, 'say');
    ann.send('hold');
    ann.send('after');
    assert.deepEqual(await say(bob, 'say'), ['say', 2, old]);
    const reload = chaos.node.reload(false);
    assert.match(String(await ann.next()), /^started/);
    bob.send('say');
    openGate();
    await reload;
    assert.deepEqual(await answered(ann), ['hold', 1, old]);
    assert.equal((await answered(ann))[1], 2);
    assert.equal((await answered(bob))[1], 3);
    const [, count, fresh] = await say(ann, 'say');
    assert.equal(count, 3);
    assert.notEqual(fresh, old);
  });

  it('goes over with a handler pending when half of stopTimeout is over; that one is done in the old thread', async (t) => {
    const hurried = await node({ stopTimeout: 2 });
    t.after(async () => await end(hurried));
    const [mia, tom] = await clientsOf(hurried);
    const [, , old] = await say(tom, 'say');
    mia.send('hold');
    mia.send('after');
    assert.deepEqual(await say(tom, 'say'), ['say', 2, old]);
    await hurried.node.reload(false);
    const [, count, fresh] = await say(tom, 'say');
    assert.equal(count, 3);
    assert.notEqual(fresh, old);
    openGate();
    assert.deepEqual(await answered(mia), ['hold', 1, old]);
    assert.deepEqual(await answered(mia), ['after', 1, fresh]);
  });
});

describe('a state that does not come over: the reload is refused, and the old code goes on with what it had', () => {
  let chaos: ChaosNode;

  before(async () => {
    chaos = await node({ stopTimeout: 20 });
  });
  after(async () => await end(chaos));

  const CASES = [
    [
      'onHandOver throws',
      'GW_HANDOVER',
      /^Worker 0 keeps the old code, and its state: onHandOver failed:\nError: not now\n +at .*state\/index\.ts:\d+/,
    ],
    [
      'cannot be cloned',
      'GW_HANDOVER',
      /what onHandOver returned cannot be cloned: state\.extra\.list\[0\]\.why \(\(\) => .* could not be cloned\.\)\. Expected plain values/,
    ],
    ['onTakeOver throws', 'GW_HANDOVER', /onTakeOver failed:\nError: too much\n +at .*state\/index\.ts:\d+/],
    ['onTakeOver dies', 'GW_WORKER_DIED', /Worker 0 died/],
  ] as const;
  for (const [flaw, code, message] of CASES) {
    it(flaw, async () => {
      const [ann, bob] = await clientsOf(chaos);
      const [, , old] = await say(ann, 'say');
      await say(bob, `flaw ${flaw}`);
      const refused = assert.rejects(chaos.node.reload(false), { code, message });
      const answers = Array.from({ length: 50 }, async () => await say(ann, 'say'));
      await refused;
      assert.deepEqual(
        await Promise.all(answers),
        Array.from({ length: 50 }, (_, n) => ['say', n + 2, old]),
      );
      await say(bob, 'flaw none');
      await Promise.all([ann.close(), bob.close()]);
    });
  }

  it('and comes over the next time', async () => {
    const [ann] = await clientsOf(chaos);
    const [, , old] = await say(ann, 'say');
    await chaos.node.reload(false);
    const [, count, fresh] = await say(ann, 'say');
    assert.equal(count, 2);
    assert.notEqual(fresh, old);
    assert.equal(chaos.deaths, 0);
  });

  it('since the node stops: the old thread handles what waits', async () => {
    const [ann] = await clientsOf(chaos);
    await say(ann, 'flaw onTakeOver hangs');
    const refused = assert.rejects(chaos.node.reload(false), { code: 'GW_CONTROL' });
    assert.match(await told(ann), /^over/);
    await chaos.stop();
    await refused;
    assert.equal(chaos.lost, 0);
  });
});

function over(hook: string): RegExp {
  return new RegExp(
    `its time was over after 0\\.4 s \\(worker\\.stopTimeout, or .*\\), and it waited for ${hook}\\.$`,
  );
}

describe('a state whose time is over', () => {
  it('in onTakeOver, or in an onHandOver that never ends: the old code goes on', async (t) => {
    const chaos = await node({ stopTimeout: 0.4, processTimeout: 1 });
    t.after(async () => await end(chaos));
    const [ann] = await clientsOf(chaos);
    const [, , old] = await say(ann, 'flaw onTakeOver hangs');
    await assert.rejects(chaos.node.reload(false), { code: 'GW_HANDOVER', message: over('onTakeOver') });
    assert.deepEqual(await say(ann, 'flaw onHandOver hangs'), ['flaw', 2, old]);
    await assert.rejects(chaos.node.reload(false), { code: 'GW_HANDOVER', message: over('onHandOver') });
    // without what it has not returned
    assert.deepEqual(await say(ann, 'say'), ['say', 1, old]);
    await chaos.logged('onHandOver has been pending for 1 s, longer than processTimeout');
    // and what hung once is over: the next reload asks anew
    await chaos.node.reload(false);
    const [, , fresh] = await say(ann, 'say');
    assert.notEqual(fresh, old);
    assert.equal(chaos.deaths, 0);
  });
});
