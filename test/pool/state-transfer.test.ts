import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, beforeEach, describe, it } from 'node:test';
import type { MessagePort } from 'node:worker_threads';
import type { SlotMessage } from '#src/link/thread-protocol.js';
import { Generation } from '#src/pool/generation.js';
import { StateTransfer } from '#src/pool/state-transfer.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { createLogger } from '#src/base/log.js';
import { type FakeThread, FakeThreads } from '../support/fake-threads.js';
import { turn } from '../support/gateway-scene.js';
import { openSlot } from '../support/link-carriers.js';
import { TASK } from '../support/thread-task.js';

const TIMEOUT = 2000;

type WithPort = Extract<SlotMessage, { kind: 'handOver' | 'takeOver' }>;

/** Two threads of a slot, the second of which is to take over. */
class Scene {
  readonly clock = new ManualClock();
  readonly old: { generation: Generation; thread: FakeThread };
  readonly next: { generation: Generation; thread: FakeThread };
  readonly #transfer: StateTransfer;
  readonly #threads = new FakeThreads();

  constructor(t: TestContext) {
    const { slot: link, end } = openSlot(65_536);
    t.after(end);
    this.#transfer = new StateTransfer({ slot: 3, clock: this.clock, link });
    const start = (): { generation: Generation; thread: FakeThread } => {
      const generation = new Generation({
        startThread: this.#threads.start,
        memory: link.attach(),
        bundle: { url: '', locate: () => undefined, write: async () => {} },
        task: TASK,
        startTimeout: 60_000,
        clock: this.clock,
        log: createLogger({ level: 'silent', destination: { write() {} } }),
        writeLine() {},
        onReleased() {},
      });
      return { generation, thread: this.#threads.all.at(-1) as FakeThread };
    };
    this.old = start();
    this.next = start();
    this.old.thread.handsOver = true;
    this.next.thread.takesOver = true;
    t.after(() => {
      for (const thread of this.#threads.all) thread.die('the test is over');
    });
  }

  async ready(): Promise<void> {
    for (const { generation, thread } of [this.old, this.next]) {
      thread.ready();
      await generation.ready;
    }
  }

  async run(): Promise<void> {
    await this.#transfer.run(this.old.generation, this.next.generation, TIMEOUT);
  }

  cancel(error: Parameters<StateTransfer['cancel']>[0]): void {
    this.#transfer.cancel(error);
  }
}

/** The port of this order, once the thread has got it. */
async function portOf(thread: FakeThread, kind: WithPort['kind']): Promise<MessagePort> {
  await thread.told(kind);
  return (thread.orders.findLast((order) => order.kind === kind) as WithPort).port;
}

describe('the way of a state to the next thread', () => {
  let scene: Scene;

  beforeEach(async (t) => {
    scene = new Scene(t as TestContext);
    await scene.ready();
  });

  it('is a channel between the two, and leaves no timer', async () => {
    const done = scene.run();
    const from = await portOf(scene.old.thread, 'handOver');
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a MessagePort, not a window
    from.postMessage(new Map([['tea', 1]]));
    scene.old.thread.say({ kind: 'handedOver', given: true });
    const to = await portOf(scene.next.thread, 'takeOver');
    assert.deepEqual(await once(to, 'message'), [new Map([['tea', 1]])]);
    scene.next.thread.say({ kind: 'tookOver' });
    await done;
    to.close();
    assert.deepEqual(
      scene.old.thread.orders.map(({ kind }) => kind),
      ['handOver'],
    );
    assert.equal(scene.clock.timers, 0);
  });

  for (const [who, handsOver, takesOver] of [
    ['the old code has no onHandOver', false, true],
    ['the new code has no onTakeOver', true, false],
  ] as const) {
    it(`is not gone when ${who}`, async () => {
      Object.assign(scene.old.generation, { handsOver });
      Object.assign(scene.next.generation, { takesOver });
      await scene.run();
      await turn();
      assert.deepEqual([...scene.old.thread.orders, ...scene.next.thread.orders], []);
    });
  }

  it('ends there when there is none, and when the old thread dies', async () => {
    const first = scene.run();
    await portOf(scene.old.thread, 'handOver');
    scene.old.thread.say({ kind: 'handedOver', given: false });
    await first;
    const second = scene.run();
    await turn();
    scene.old.thread.die('killed');
    await second;
    // it is gone before it is asked
    await scene.run();
    assert.deepEqual(scene.next.thread.orders, []);
    assert.equal(scene.clock.timers, 0);
  });

  it('that either end refuses: the old thread goes on', async () => {
    const first = scene.run();
    await portOf(scene.old.thread, 'handOver');
    scene.old.thread.say({ kind: 'kept', message: 'no reason' });
    await assert.rejects(first, {
      code: 'GW_HANDOVER',
      message: 'Worker 3 keeps the old code, and its state: no reason',
    });
    const second = scene.run();
    await scene.old.thread.told('goOn');
    scene.old.thread.say({ kind: 'handedOver', given: true });
    await portOf(scene.next.thread, 'takeOver');
    scene.next.thread.say({ kind: 'kept', message: 'too much' });
    await assert.rejects(second, { code: 'GW_HANDOVER', message: /: too much$/ });
    const third = scene.run();
    scene.old.thread.say({ kind: 'handedOver', given: true });
    await turn();
    scene.next.thread.die('killed');
    await assert.rejects(third, { code: 'GW_WORKER_DIED' });
    await turn();
    assert.deepEqual(
      scene.old.thread.orders.map(({ kind }) => kind),
      ['handOver', 'goOn', 'handOver', 'goOn', 'handOver', 'goOn'],
    );
    assert.equal(scene.clock.timers, 0);
  });

  it('that takes too long says what it waited for; a late answer is not taken for that of the next one', async () => {
    const first = scene.run();
    scene.clock.advance(TIMEOUT);
    await assert.rejects(first, { code: 'GW_HANDOVER', message: /after 2 s .*it waited for onHandOver\.$/ });
    const second = scene.run();
    await portOf(scene.old.thread, 'handOver');
    scene.old.thread.say({ kind: 'handedOver', given: false });
    scene.old.thread.say({ kind: 'handedOver', given: true });
    await portOf(scene.next.thread, 'takeOver');
    scene.clock.advance(TIMEOUT);
    await assert.rejects(second, { code: 'GW_HANDOVER', message: /it waited for onTakeOver\.$/ });
    assert.equal(scene.clock.timers, 0);
  });

  it('is cancelled at any time', async () => {
    const done = scene.run();
    const error = Object.assign(new Error('the node is stopping'), { code: 'GW_CONTROL' as const });
    scene.cancel(error as never);
    await assert.rejects(done, error);
    await scene.old.thread.told('goOn');
    scene.cancel(error as never);
    assert.equal(scene.clock.timers, 0);
  });
});
