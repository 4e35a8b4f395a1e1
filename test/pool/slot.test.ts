import assert from 'node:assert/strict';
import { type TestContext, before, describe, it } from 'node:test';
import type { Link } from '#src/link/link.js';
import { createLogger } from '#src/base/log.js';
import { EventsBundle } from '#src/bundle/events-bundle.js';
import { Interests } from '#src/cluster/interests.js';
import { Slot } from '#src/pool/slot.js';
import { Doorbell } from '#src/ring/doorbell.js';
import { Command } from '#src/wire/command.js';
import { emptyFrame } from '#src/wire/frame.js';
import { type FakeThread, FakeThreads } from '../support/fake-threads.js';
import { fixture } from '../support/fixtures.js';
import { turn } from '../support/gateway-scene.js';
import { ManualClock } from '#src/testing/manual-clock.js';

const START_TIMEOUT = 60_000;
const STOP_TIMEOUT = 2000;
const GRACE = 1000;

let bundle: EventsBundle;
/** Another code. */
let newBundle: EventsBundle;

before(async () => {
  bundle = await EventsBundle.build(fixture('events/echo'));
  newBundle = await EventsBundle.build(fixture('events/crash'));
});

/** A slot, its threads, and the gateway of its process. */
class Scene {
  readonly clock = new ManualClock();
  readonly threads = new FakeThreads();
  readonly log: string[] = [];
  readonly slot: Slot;
  readonly gateway: Link;

  constructor(t: TestContext) {
    const doorbell = new Doorbell();
    this.slot = new Slot(0, bundle, {
      startThread: this.threads.start,
      doorbell,
      clock: this.clock,
      log: createLogger({
        level: 'info',
        destination: { write: (line) => void this.log.push(JSON.parse(line).msg) },
      }),
      writeLine() {},
      task: { eventsFolder: '', count: 1, node: 'node', logLevel: 'info', processTimeout: 0 },
      eventBufferSize: 65_536,
      commandBufferSize: 65_536,
      localGateway: { ip: 1, port: 1 },
      inner: { secretKey: '', pingInterval: 25_000, tls: undefined, instance: '' },
      interests: new Interests(),
      startTimeout: START_TIMEOUT,
      stopTimeout: STOP_TIMEOUT,
      maxMemory: 0,
    });
    doorbell.serve(() => this.slot.link.poll());
    t.after(() => doorbell.close());
    assert.ok(this.slot.linkSet.local);
    this.gateway = this.slot.linkSet.local;
    this.gateway.subscribe({ frame() {}, drained() {}, closed() {} });
  }

  /** A slot that serves, and its thread. */
  static async serving(
    t: TestContext,
    { handsOver = false } = {},
  ): Promise<{ scene: Scene; first: FakeThread }> {
    const scene = new Scene(t);
    const started = scene.slot.start();
    const first = await scene.threads.nth(0);
    first.handsOver = handsOver;
    first.ready();
    await started;
    await first.told('serve');
    return { scene, first };
  }

  send(...messages: readonly string[]): void {
    for (const body of messages) this.gateway.send({ ...emptyFrame(), command: Command.ON_MESSAGE, body });
  }

  get serving(): boolean {
    return this.slot.status().state === 'serving';
  }

  /** The nth thread fails before it is ready; resolves when the slot pauses. */
  async fail(number: number): Promise<void> {
    const thread = await this.threads.nth(number);
    const { length } = this.log;
    thread.die('no descriptors');
    while (this.log.length === length) await turn();
    await turn();
  }
}

/** Whatever was under way has its effects. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) await turn();
}

describe('a slot whose thread dies', () => {
  it('starts another at once, which handles what waits', async (t) => {
    const { scene, first } = await Scene.serving(t);
    first.die('killed');
    scene.send('one', 'two');
    const second = await scene.threads.nth(1);
    assert.equal(scene.gateway.ready, false);
    second.ready();
    await second.told('serve');
    while (second.handled.length < 2) await turn();
    assert.deepEqual(second.handled, ['one', 'two']);
    assert.equal(scene.gateway.ready, true);
    const { restarts, lastExit } = scene.slot.status();
    assert.deepEqual([restarts, lastExit], [1, 'killed']);
    await scene.slot.stop(STOP_TIMEOUT);
  });

  it('goes on trying, with pauses, whatever ended the last attempt', async (t) => {
    const { scene, first } = await Scene.serving(t);
    first.die('killed');
    await scene.fail(1);
    assert.equal(scene.threads.all.length, 2);
    assert.match(scene.log.at(-1) ?? '', /next attempt in 100 ms/);
    scene.clock.advance(100);
    const hanging = await scene.threads.nth(2);
    scene.clock.advance(START_TIMEOUT);
    assert.equal(hanging.aborted, true);
    while (!/next attempt in 200 ms/.test(scene.log.at(-1) ?? '')) await turn();
    await turn();
    scene.clock.advance(200);
    (await scene.threads.nth(3)).ready();
    await (await scene.threads.nth(3)).told('serve');
    assert.equal(scene.serving, true);
    await scene.slot.stop(STOP_TIMEOUT);
  });

  it('that is ready and dies in the same moment is replaced, too', async (t) => {
    const { scene, first } = await Scene.serving(t);
    first.die('killed');
    const second = await scene.threads.nth(1);
    second.ready();
    second.die('killed at once');
    await turn();
    scene.clock.advance(100);
    const third = await scene.threads.nth(2);
    third.ready();
    await third.told('serve');
    await scene.slot.stop(STOP_TIMEOUT);
  });
});

describe('a thread that starts', () => {
  it('and takes 10 s is named in the log with what it waits for, and given up after startTimeout', async (t) => {
    const scene = new Scene(t);
    const started = assert.rejects(scene.slot.start(), { code: 'GW_START_TIMEOUT' });
    const first = await scene.threads.nth(0);
    first.say({ kind: 'step', step: 'onWorkerStart' });
    for (let turns = 0; turns < 20; turns++) await turn();
    scene.clock.advance(9999);
    assert.deepEqual(scene.log, []);
    scene.clock.advance(1);
    assert.match(scene.log[0], /onWorkerStart/);
    scene.clock.advance(START_TIMEOUT - 10_001);
    assert.equal(first.aborted, false);
    scene.clock.advance(1);
    assert.equal(first.aborted, true);
    await started;
    await scene.slot.stop(STOP_TIMEOUT);
  });
});

describe('a takeover', () => {
  it('is not begun while 16 threads of the slot live: those of 15 reloads still finish what they began', async (t) => {
    const { scene } = await Scene.serving(t);
    for (let n = 1; n < 16; n++) await scene.slot.launch(newBundle);
    await assert.rejects(scene.slot.launch(newBundle), { code: 'GW_CONTROL', message: /has 16 threads/ });
    const [, second] = scene.threads.all;
    second.die('done');
    await settle();
    await scene.slot.launch(newBundle);
    await scene.slot.stop(STOP_TIMEOUT);
    assert.equal(scene.clock.now(), 0);
  });

  it('by a thread that has died meanwhile fails, and leaves the old one serving', async (t) => {
    const { scene, first } = await Scene.serving(t);
    const next = await scene.slot.launch(newBundle);
    scene.threads.all[1].ready();
    await next.ready;
    scene.threads.all[1].die('too late');
    await turn();
    await assert.rejects(scene.slot.takeOver(next, 0), { code: 'GW_WORKER_DIED' });
    assert.ok(!first.orders.some(({ kind }) => kind === 'retire'));
    assert.equal(scene.serving, true);
    await scene.slot.stop(STOP_TIMEOUT);
  });

  it('whose new thread dies while the old one leaves fails, is replaced by the old code, and holds up none after it', async (t) => {
    const { scene, first } = await Scene.serving(t);
    first.blocked = true;
    const next = await scene.slot.launch(newBundle);
    scene.threads.all[1].ready();
    await next.ready;
    const failing = assert.rejects(scene.slot.takeOver(next, STOP_TIMEOUT), { code: 'GW_WORKER_DIED' });
    await first.told('retire');
    scene.threads.all[1].die('thrown in a timer');
    await turn();
    first.say({ kind: 'retired', pending: [] });
    await failing;
    const substitute = await scene.threads.nth(2);
    assert.equal(substitute.task.bundle, bundle.url);
    await scene.fail(2);

    const good = await scene.slot.launch(newBundle);
    scene.threads.all[3].ready();
    await good.ready;
    await scene.slot.takeOver(good, STOP_TIMEOUT);
    await scene.threads.all[3].told('serve');
    await turn();
    assert.equal(scene.threads.all.length, 4, 'nobody is missing any more');
    first.die('its handler is done');
    await scene.slot.stop(STOP_TIMEOUT);
    assert.equal(scene.clock.now(), 0);
  });

  it('ends an old thread that does not answer, and goes on', async (t) => {
    const { scene, first } = await Scene.serving(t);
    first.blocked = true;
    const next = await scene.slot.launch(newBundle);
    scene.threads.all[1].ready();
    await next.ready;
    const done = scene.slot.takeOver(next, 1000);
    await first.told('retire');
    scene.clock.advance(1000 + STOP_TIMEOUT + GRACE);
    assert.equal(first.aborted, true);
    await done;
    await scene.slot.stop(STOP_TIMEOUT);
  });
});

describe('a slot stops', () => {
  it('without the clock moving when nothing waits', async (t) => {
    const { scene } = await Scene.serving(t);
    await scene.slot.stop(STOP_TIMEOUT);
    assert.equal(scene.clock.now(), 0);
    assert.equal(scene.clock.timers, 0);
  });

  it('in order: no further events from other nodes, then its thread, then the links, and its own last', async (t) => {
    const { scene, first } = await Scene.serving(t);
    first.blocked = true;
    const order: string[] = [];
    for (const name of ['leave', 'close'] as const) {
      const original = scene.slot.linkSet[name].bind<(timeout: number) => Promise<void>>(scene.slot.linkSet);
      t.mock.method(scene.slot.linkSet, name, async (timeout: number) => {
        order.push(`links ${name}`);
        await original(timeout);
        await settle();
        order.push(`links ${name} done: its own is ${scene.slot.link.state}`);
      });
    }
    const stopping = scene.slot.stop(STOP_TIMEOUT).then(() => order.push('stopped'));
    await first.told('stop');
    order.push('told to stop');
    await settle();
    order.push('thread ended');
    first.die('its last handler is done');
    await stopping;
    assert.deepEqual(order, [
      'links leave',
      'links leave done: its own is open',
      'told to stop',
      'thread ended',
      'links close',
      'links close done: its own is open',
      'stopped',
    ]);
    assert.equal(scene.slot.link.state, 'closed');
    assert.equal(scene.clock.timers, 0);
  });

  it('and ends by force a thread that has not ended a second after its time was over', async (t) => {
    const { scene, first } = await Scene.serving(t);
    first.blocked = true;
    const stopping = scene.slot.stop(STOP_TIMEOUT);
    await first.told('stop');
    scene.clock.advance(STOP_TIMEOUT + GRACE - 1);
    await turn();
    assert.equal(first.aborted, false);
    scene.clock.advance(1);
    await stopping;
    assert.deepEqual([first.aborted, scene.clock.timers], [true, 0]);
  });

  it('and gives up a gateway of another node that does not let it go, when the time is over', async (t) => {
    const { scene } = await Scene.serving(t);
    t.mock.method(scene.slot.linkSet, 'leave', async () => await new Promise(() => {}));
    let done = false;
    const stopping = scene.slot.stop(STOP_TIMEOUT).then(() => (done = true));
    scene.clock.advance(STOP_TIMEOUT - 1);
    await settle();
    assert.equal(done, false);
    scene.clock.advance(1);
    await stopping;
  });

  for (const [name, attempts] of [
    ['while a thread is being started for one that died', 0],
    ['in the pause between two attempts', 1],
  ] as const) {
    it(`${name}: at once, when nothing waits`, async (t) => {
      const { scene, first } = await Scene.serving(t);
      first.die('killed');
      await scene.threads.nth(1);
      if (attempts === 1) await scene.fail(1);
      await scene.slot.stop(STOP_TIMEOUT);
      assert.equal(scene.clock.now(), 0);
      assert.equal(scene.clock.timers, 0);
      assert.equal(scene.threads.all.length, 2);
    });

    it(`${name}: what waits is handled by the thread that comes`, async (t) => {
      const { scene, first } = await Scene.serving(t);
      first.die('killed');
      scene.send('one', 'two', 'three');
      await scene.threads.nth(1);
      if (attempts === 1) await scene.fail(1);
      const stopping = scene.slot.stop(STOP_TIMEOUT);
      const coming = await scene.threads.nth(1 + attempts);
      coming.ready();
      await stopping;
      assert.deepEqual(coming.handled, ['one', 'two', 'three']);
      assert.equal(scene.clock.now(), 0);
      assert.ok(!scene.log.some((line) => line.includes('are lost')));
    });
  }

  it('though its thread dies of an event: those behind it are handled by another', async (t) => {
    const { scene, first } = await Scene.serving(t);
    first.blocked = true;
    const stopping = scene.slot.stop(STOP_TIMEOUT);
    await first.told('stop');
    scene.send('one');
    first.die('killed by an event');
    const second = await scene.threads.nth(1);
    second.ready();
    await stopping;
    assert.deepEqual(second.handled, ['one']);
  });

  it('within its time when no thread can be started for what waits, and says so', async (t) => {
    const { scene, first } = await Scene.serving(t);
    first.die('killed');
    scene.send('one');
    await scene.threads.nth(1);
    const stopping = scene.slot.stop(STOP_TIMEOUT);
    await scene.fail(1);
    scene.clock.advance(STOP_TIMEOUT);
    await stopping;
    assert.match(
      scene.log.at(-1) ?? '',
      /are lost, since no thread could be started for them in time: .*no descriptors/,
    );
  });

  it('while its first thread starts: that start fails at once', async (t) => {
    const scene = new Scene(t);
    const started = assert.rejects(scene.slot.start(), { message: /the node is stopping/ });
    const first = await scene.threads.nth(0);
    await scene.slot.stop(STOP_TIMEOUT);
    assert.equal(first.aborted, true);
    await started;
    assert.equal(scene.clock.now(), 0);
    assert.equal(scene.clock.timers, 0);
  });

  it('while a reload starts a thread: that is ended, and takes nothing over', async (t) => {
    const { scene } = await Scene.serving(t);
    const next = await scene.slot.launch(newBundle);
    const failed = assert.rejects(next.ready, { message: /the node is stopping/ });
    await scene.slot.stop(STOP_TIMEOUT);
    await failed;
    await assert.rejects(scene.slot.takeOver(next, 0), { code: 'GW_CONTROL' });
    assert.equal(scene.clock.now(), 0);
  });

  it('during a takeover: the new thread handles what the old one leaves', async (t) => {
    const { scene, first } = await Scene.serving(t);
    first.blocked = true;
    const next = await scene.slot.launch(newBundle);
    const second = scene.threads.all[1];
    second.ready();
    await next.ready;
    const taken = scene.slot.takeOver(next, STOP_TIMEOUT);
    await first.told('retire');
    const stopping = scene.slot.stop(STOP_TIMEOUT);
    await settle();
    // until the takeover is done, neither events nor threads have their end
    assert.ok(!first.orders.some(({ kind }) => kind === 'stop'));
    scene.send('one');
    first.say({ kind: 'retired', pending: [] });
    await taken;
    first.die('done');
    await stopping;
    assert.deepEqual(second.handled, ['one']);
    assert.ok(second.orders.some(({ kind }) => kind === 'stop'));
    assert.equal(scene.clock.now(), 0);
  });
});

/** The state is in the channel, and the next thread takes it out: that is when the one that had it dies. */
async function handedOver(
  t: TestContext,
): Promise<{ scene: Scene; second: FakeThread; taken: Promise<void> }> {
  const { scene, first } = await Scene.serving(t, { handsOver: true });
  const next = await scene.slot.launch(newBundle);
  const second = scene.threads.all[1];
  second.takesOver = true;
  second.ready();
  await next.ready;
  const taken = scene.slot.takeOver(next, STOP_TIMEOUT);
  await first.told('handOver');
  first.say({ kind: 'handedOver', given: true });
  await second.told('takeOver');
  first.die('killed');
  scene.send('one');
  await settle();
  assert.equal(scene.threads.all.length, 2, 'nobody else is started: there is one who takes over');
  assert.equal(scene.gateway.ready, false);
  return { scene, second, taken };
}

describe('a slot whose thread dies when it has handed over its state', () => {
  it('is served by the one that takes over', async (t) => {
    const { scene, second, taken } = await handedOver(t);
    second.say({ kind: 'tookOver' });
    await taken;
    while (second.handled.length < 1) await turn();
    assert.equal(scene.threads.all.length, 2);
    assert.equal(scene.slot.status().lastExit, 'killed');
    await scene.slot.stop(STOP_TIMEOUT);
  });

  it('starts another one of the old code when that one does not', async (t) => {
    const { scene, second, taken } = await handedOver(t);
    const refused = assert.rejects(taken, { code: 'GW_HANDOVER' });
    second.say({ kind: 'kept', message: 'too much' });
    await refused;
    const third = await scene.threads.nth(2);
    assert.equal(third.task.bundle, bundle.url);
    third.ready();
    await third.told('serve');
    while (third.handled.length < 1) await turn();
    await scene.slot.stop(STOP_TIMEOUT);
  });
});
