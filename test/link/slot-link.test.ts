import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { LinkSubscriber } from '#src/link/link.js';
import type { ThreadMemory } from '#src/link/ring-memory.js';
import { SlotLink } from '#src/link/slot-link.js';
import { ThreadLink } from '#src/link/thread-link.js';
import { Doorbell } from '#src/ring/doorbell.js';
import { HEAD, RING_HEADER_LENGTH, TAIL } from '#src/ring/layout.js';
import { Command } from '#src/wire/command.js';
import { type Frame, encodeFrame } from '#src/wire/frame.js';
import { openSlot, startLinkThread } from '../support/link-carriers.js';
import { LocalPeer } from '../support/link-peer.js';
import { assertFrames, testFrame, testFrames } from '../support/test-frame.js';
import { type Taking, threadPeer } from '../support/thread-peer.js';

const BUFFER = 64 * 1024;
/** Longer than one record, so that it goes through the ring in fragments. */
const IN_FRAGMENTS = BUFFER / 2;
const LARGER_THAN_THE_RING = BUFFER * 4;

/** An event as a thread's listener saw it. */
interface SeenEvent {
  readonly bytes: Buffer;
  readonly place: number;
}

/** A thread's end that collects events and takes none by itself. */
class Collector implements LinkSubscriber {
  readonly link: ThreadLink;
  readonly events: SeenEvent[] = [];
  #onEvent: (() => void) | undefined;

  constructor(memory: ThreadMemory) {
    this.link = new ThreadLink('the slot', memory);
    this.link.subscribe(this);
  }

  frame(frame: Frame, place: number): void {
    this.events.push({ bytes: encodeFrame(frame), place });
    this.#onEvent?.();
  }

  drained(): void {}

  closed(): void {}

  async received(count: number): Promise<readonly SeenEvent[]> {
    while (this.events.length < count) await new Promise<void>((resolve) => (this.#onEvent = resolve));
    return this.events;
  }

  assertEvents(expected: readonly Frame[]): void {
    assertFrames(
      this.events.map(({ bytes }) => bytes),
      expected,
    );
  }
}

/** Lets the event loop turn until the condition is met: for what nobody announces. */
async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    assert.ok(turns < 100_000, `not met in ${turns} turns: ${condition.toString()}`);
    await turn();
  }
}

/** Byte 4 of a frame is its command. */
const isReply = ({ bytes }: SeenEvent): boolean => bytes[4] === Command.REPLY;

/** A reply to request `count` of this generation. */
function reply(generation: number, count: number, length: number): Frame {
  return {
    ...testFrame(count, length),
    command: Command.REPLY,
    clientIp: ((generation << 24) | count) >>> 0,
  };
}

/** A test with a bound: what these wait for either comes at once or never. */
function it(name: string, run: () => void | Promise<void>): void {
  test(name, { timeout: 10_000 }, run);
}

describe('SlotLink and its threads', () => {
  let slot: SlotLink;
  let main: LocalPeer;
  let polls: () => number;
  let end: () => void;
  const threads: ThreadLink[] = [];

  beforeEach(async () => {
    ({ slot, polls, end } = openSlot(BUFFER));
    main = new LocalPeer(slot);
    await main.listen();
  });
  afterEach(() => {
    for (const thread of threads.splice(0)) thread.destroy();
    end();
  });

  /** A further generation, in this thread; it serves the slot if `serving`. */
  function attach(serving: boolean): { memory: ThreadMemory; collector: Collector } {
    const memory = slot.attach();
    const collector = new Collector(memory);
    threads.push(collector.link);
    if (serving) serve(memory, collector);
    return { memory, collector };
  }

  function serve(memory: ThreadMemory, collector: Collector): void {
    collector.link.receiveEvents(slot.serveBy(memory.number));
  }

  /** The first thread is gone, as by a crash. */
  function die({ memory, collector }: { memory: ThreadMemory; collector: Collector }): void {
    collector.link.destroy();
    slot.detach(memory.number);
  }

  describe('generations', () => {
    it('are numbered, 1 to 255', () => {
      const numbers = Array.from({ length: 256 }, () => {
        const { number: generation } = slot.attach();
        slot.detach(generation);
        return generation;
      });
      assert.deepEqual([numbers[0], numbers[1], numbers[254], numbers[255]], [1, 2, 255, 1]);
    });

    it('both send, and only the one that serves gets events', async () => {
      const first = attach(true);
      const second = attach(false);
      await main.send(testFrames([100, 200]));
      await first.collector.received(2);
      first.collector.link.send(testFrame(10, 100));
      second.collector.link.send(testFrame(11, 100));
      const arrived = [...(await main.received(2))].toSorted((a, b) => a[20] - b[20]);
      assertFrames(arrived, [testFrame(10, 100), testFrame(11, 100)]);
      first.collector.assertEvents(testFrames([100, 200]));
      second.collector.assertEvents([]);
    });

    it('get the replies to their own requests, however long', async () => {
      const first = attach(true);
      const second = attach(false);
      const toFirst = [reply(1, 1, 100), reply(1, 2, LARGER_THAN_THE_RING), reply(1, 3, 50)];
      const toSecond = [reply(2, 1, LARGER_THAN_THE_RING), reply(2, 2, 60)];
      await main.send([toFirst[0], toSecond[0], toFirst[1], toSecond[1], toFirst[2]]);
      await Promise.all([first.collector.received(3), second.collector.received(2)]);
      first.collector.assertEvents(toFirst);
      second.collector.assertEvents(toSecond);
    });

    it('that are gone are not waited for by replies', async () => {
      const first = attach(true);
      die(first);
      assert.deepEqual(await main.send([reply(1, 1, LARGER_THAN_THE_RING), reply(77, 1, 50)]), [true, true]);
      assert.equal(slot.bufferedBytes, 0);
    });

    it('hand over: what is sent after serveBy goes to the new one', async () => {
      const first = attach(true);
      await main.send(testFrames([100, 200]));
      for (const { place } of await first.collector.received(2)) first.collector.link.take(place);
      const second = attach(false);
      die(first);
      serve(second.memory, second.collector);
      await main.send(testFrames([300, 400], 2));
      await second.collector.received(2);
      second.collector.assertEvents(testFrames([300, 400], 2));
    });

    it('leave the events that they did not take to the next, in order, and what came meanwhile after them', async () => {
      const first = attach(true);
      const lengths = [100, 200, 300, 400, 500, 600];
      await main.send(testFrames(lengths));
      const events = await first.collector.received(6);
      for (const index of [4, 0, 2]) first.collector.link.take(events[index].place);
      die(first);
      await main.send([testFrame(6, 700)]);
      const second = attach(true);
      await second.collector.received(4);
      second.collector.assertEvents([
        testFrame(1, 200),
        testFrame(3, 400),
        testFrame(5, 600),
        testFrame(6, 700),
      ]);
      for (const { place } of second.collector.events) second.collector.link.take(place);
      assert.equal(second.collector.link.held, 0);
      assert.equal(slot.bufferedBytes, 0);
    });

    it('leave long events to the next as well', async () => {
      const first = attach(true);
      const lengths = [100, IN_FRAGMENTS, 200, LARGER_THAN_THE_RING, 300];
      await main.send(testFrames(lengths));
      // the third and the fourth are waiting, of which the latter is in the middle of its passage
      const [short] = await first.collector.received(1);
      first.collector.link.take(short.place);
      await first.collector.received(3);
      die(first);
      const second = attach(true);
      const events = await second.collector.received(1);
      for (let index = 0; index < 4; index++) {
        await second.collector.received(index + 1);
        second.collector.link.take(events[index].place);
      }
      second.collector.assertEvents(testFrames(lengths).slice(1));
      assert.equal(slot.bufferedBytes, 0);
    });

    it('leave a long event to the one after the next', async () => {
      const first = attach(true);
      await main.send(testFrames([LARGER_THAN_THE_RING, 100]));
      await first.collector.received(2);
      die(first);
      const second = attach(true);
      await second.collector.received(2);
      die(second);
      const third = attach(true);
      await third.collector.received(2);
      third.collector.assertEvents(testFrames([LARGER_THAN_THE_RING, 100]));
    });

    it('are told that one is unknown by name and number', () => {
      assert.throws(() => slot.serveBy(9), /slot 0 has no generation 9/);
    });
  });

  describe('detach', () => {
    it('delivers first what the thread had sent', async () => {
      const { memory, collector } = attach(true);
      const frames = testFrames(Array.from({ length: 2000 }, (_, n) => 28 + (n % 4)));
      for (const frame of frames.slice(0, 1000)) collector.link.send(frame);
      collector.link.destroy();
      slot.detach(memory.number);
      // at once, not when the doorbell's turn comes
      assert.equal((await main.facts()).frames, 1000);
      assertFrames(await main.received(1000), frames.slice(0, 1000));
    });

    it('ends a close that waited for the thread', async () => {
      const { memory, collector } = attach(true);
      await main.send(testFrames([LARGER_THAN_THE_RING]));
      collector.link.destroy();
      const closing = main.close();
      // until the main thread sleeps, and nobody is left to wake it
      for (let turns = 0; turns < 100; turns++) await turn();
      assert.equal(slot.state, 'closing');
      slot.detach(memory.number);
      assert.equal((await closing).closed, 1);
    });
  });

  describe('parked events', () => {
    it('leave the ring, go to the next thread first, and are started once', async () => {
      const first = attach(true);
      await main.send(testFrames([100, 200, 300, 400]));
      const events = await first.collector.received(4);
      const { link } = first.collector;
      for (const index of [0, 1]) link.park(events[index].place, events[index].bytes);
      link.take(events[2].place);
      assert.ok(link.held < 2 * 408, `${link.held}`);
      die(first);
      assert.equal(slot.parked, 2);

      const second = attach(true);
      await second.collector.received(3);
      second.collector.assertEvents([testFrame(0, 100), testFrame(1, 200), testFrame(3, 400)]);
      const [parked] = second.collector.events;
      second.collector.link.take(parked.place);
      die(second);
      assert.equal(slot.parked, 1);

      const third = attach(true);
      await third.collector.received(2);
      third.collector.assertEvents([testFrame(1, 200), testFrame(3, 400)]);
    });

    it('keep the numbers of different threads apart', async () => {
      const first = attach(true);
      await main.send(testFrames([100, 200]));
      const [event] = await first.collector.received(2);
      first.collector.link.park(event.place, event.bytes);
      die(first);
      const second = attach(true);
      const [parked, waiting] = await second.collector.received(2);
      const { link } = second.collector;
      assert.equal(link.park(parked.place, parked.bytes), parked.place, 'it is parked already');
      const place = link.park(waiting.place, waiting.bytes);
      assert.notEqual(place, parked.place);
      link.take(parked.place);
      die(second);
      const third = attach(true);
      await third.collector.received(1);
      third.collector.assertEvents([testFrame(1, 200)]);
    });

    it('are long ones, too', async () => {
      const first = attach(true);
      await main.send(testFrames([LARGER_THAN_THE_RING, 100]));
      const [event] = await first.collector.received(1);
      first.collector.link.park(event.place, event.bytes);
      await first.collector.received(2);
      // until the slot has the copy, which takes more than one ring
      await until(() => slot.parked > 0);
      assert.ok(first.collector.link.held < 0.1);
      die(first);
      const second = attach(true);
      await second.collector.received(2);
      second.collector.assertEvents(testFrames([LARGER_THAN_THE_RING, 100]));
    });

    it('are not lost when the thread dies before its copy has left it', async () => {
      const first = attach(true);
      await main.send(testFrames([100, 200]));
      const [event, other] = await first.collector.received(2);
      const { link } = first.collector;
      // the ring to the slot is full, so that the copy has to wait in the thread
      link.send(testFrame(9, LARGER_THAN_THE_RING));
      link.park(event.place, event.bytes);
      link.take(link.park(other.place, other.bytes));
      die(first);
      assert.equal(slot.parked, 0);
      const second = attach(true);
      await second.collector.received(1);
      second.collector.assertEvents([testFrame(0, 100)]);
    });

    it('do not count as what waits for the gateway', async () => {
      const { collector } = attach(true);
      const { link } = collector;
      await main.send(testFrames([BUFFER * 3]));
      const [event] = await collector.received(1);
      link.send(testFrame(9, LARGER_THAN_THE_RING));
      const before = link.bufferedBytes;
      link.park(event.place, event.bytes);
      assert.equal(link.bufferedBytes, before);
      await until(() => slot.parked > 0);
      assert.equal(link.bufferedBytes, 0);
      link.send(testFrame(9, 1000));
      assert.ok(link.bufferedBytes >= 1000);
    });

    it('free their place in the ring once the copy has left the thread', async () => {
      const { collector } = attach(true);
      await main.send(testFrames([100]));
      const [event] = await collector.received(1);
      collector.link.send(testFrame(9, LARGER_THAN_THE_RING));
      const place = collector.link.park(event.place, event.bytes);
      await until(() => slot.parked > 0);
      assert.equal(collector.link.held, 0);
      collector.link.take(place);
      await until(() => slot.parked === 0);
      assert.equal(slot.bufferedBytes, 0);
    });
  });

  describe('backpressure', () => {
    it('does not hold up replies: they come while the event ring is full and nobody takes events', async () => {
      const { memory, collector } = attach(true);
      const accepted = await main.send(testFrames(Array.from({ length: 300 }, () => 1000)));
      assert.equal(accepted.at(-1), false);
      await collector.received(1);
      collector.link.send({ ...testFrame(1, 40), command: Command.SELECT, clientIp: 1 });
      await main.received(1);
      const replies = [reply(memory.number, 1, LARGER_THAN_THE_RING), reply(memory.number, 2, 50)];
      await main.send(replies);
      while (collector.events.filter(isReply).length < 2)
        await collector.received(collector.events.length + 1);
      assertFrames(
        collector.events.filter(isReply).map(({ bytes }) => bytes),
        replies,
      );
      assert.equal(slot.congested, true, 'the events still wait');
      assert.equal((await main.facts()).drained, 0);
    });

    it('leaves events in the ring to a thread that takes them late, and then goes on', async () => {
      const { collector } = attach(true);
      const lengths = Array.from({ length: 300 }, () => 1000);
      await main.send(testFrames(lengths));
      for (let index = 0; index < lengths.length; index++) {
        const events = await collector.received(index + 1);
        // as many as the ring holds have come, and nothing more comes before one is taken
        collector.link.take(events[index].place);
      }
      collector.assertEvents(testFrames(lengths));
      assert.equal((await main.drained(1)).congested, false);
    });

    it('has events wait while what a thread sends does not fit, and go on as soon as a send has moved the rest into the ring', async () => {
      const unserved = new SlotLink({
        name: 'slot 1',
        doorbell: new Doorbell(),
        eventBufferSize: BUFFER,
        commandBufferSize: BUFFER,
        onError() {},
      });
      unserved.subscribe({ frame() {}, drained() {}, closed() {} });
      const memory = unserved.attach();
      const { link, events } = new Collector(memory);
      threads.push(link);
      link.receiveEvents(unserved.serveBy(memory.number));
      while (link.isSettled) link.send(testFrame(1, 1000));
      unserved.send(testFrame(1, 100));
      for (let turns = 0; turns < 20; turns++) await turn();
      assert.equal(events.length, 0, 'no event is started meanwhile');
      // the main thread has freed everything, and has not come to the word by which it would wake this thread
      const counters = new Int32Array(memory.commands, 0, RING_HEADER_LENGTH / 4);
      counters[HEAD] = counters[TAIL];
      const settled = link.settled();
      link.send(testFrame(2, 100));
      assert.equal(link.isSettled, true);
      await settled;
      await until(() => events.length === 1);
      unserved.destroy();
    });

    it('lets nobody wake anybody when there is nothing to do', async () => {
      const first = attach(true);
      attach(false);
      await main.send(testFrames([100, LARGER_THAN_THE_RING]));
      const [event] = await first.collector.received(1);
      first.collector.link.take(event.place);
      first.collector.link.take((await first.collector.received(2))[1].place);
      first.collector.link.send(testFrame(0, 100));
      await main.received(1);
      for (let turns = 0; turns < 100; turns++) await turn();
      const settled = polls();
      for (let turns = 0; turns < 200; turns++) await turn();
      assert.equal(polls(), settled, 'rounds of an idle main thread');
    });

    it('never says drained to a sender whose every send returned true, nor while it is congested again', async () => {
      // far below the ring's smallest size: what is too much for the buffer is little for the ring
      const small = openSlot(200);
      const calls: boolean[] = [];
      small.slot.subscribe({
        frame() {},
        drained: () => void calls.push(small.slot.congested),
        closed() {},
      });
      const memory = small.slot.attach();
      const takeover = small.slot.serveBy(memory.number);
      const thread = threadPeer(new ThreadLink('the slot', memory), takeover, 'all');
      await thread.listen();
      let refused = 0;
      for (let number = 0; number < 50; number++) {
        if (!small.slot.send(testFrame(number, 28 + number * 4))) refused++;
        if (number % 3 === 0) await turn();
      }
      await thread.received(50);
      await turn();
      await thread.destroy();
      small.end();
      assert.equal(calls.includes(true), false, 'it was congested when it was told that it was drained');
      assert.ok(calls.length > 0 && calls.length <= refused, `${calls.length} calls for ${refused} refusals`);
    });
  });

  describe('the end', () => {
    it('of events is seen by the thread after the last of them, and replies go on', async () => {
      const { memory, collector } = attach(true);
      const lengths = Array.from({ length: 200 }, () => 1000);
      await main.send(testFrames(lengths));
      slot.endEvents();
      let ended = false;
      const eventsEnded = collector.link.eventsEnded().then(() => (ended = true));
      for (let index = 0; index < lengths.length; index++) {
        const { place } = (await collector.received(index + 1))[index];
        assert.equal(ended && index < lengths.length - 64, false, `ended after ${index + 1} events`);
        collector.link.take(place);
      }
      await eventsEnded;
      assert.equal(collector.events.length, lengths.length);
      await main.send([reply(memory.number, 1, 50)]);
      await collector.received(lengths.length + 1);
      collector.link.send(testFrame(0, 100));
      await main.received(1);
    });

    it('comes after the replies that were accepted', async () => {
      const { memory, collector } = attach(true);
      const replies = [reply(memory.number, 1, LARGER_THAN_THE_RING), reply(memory.number, 2, 50)];
      await main.send(replies);
      await main.close();
      await collector.received(2);
      collector.assertEvents(replies);
    });

    it('does not let a thread send into the void: its link ends with the slot', async () => {
      const memory = slot.attach();
      const takeover = slot.serveBy(memory.number);
      const thread = threadPeer(new ThreadLink('the slot', memory), takeover, 'all');
      await thread.listen();
      await main.destroy('destroyed by the test');
      const { closed, error } = await thread.ended();
      assert.deepEqual([closed, error], [1, undefined]);
    });

    it('reaches a thread whose own sends wait for room, after the events that were sent before', async () => {
      const { collector } = attach(true);
      while (collector.link.isSettled) collector.link.send(testFrame(1, 1000));
      const events = testFrames([100, 1000, 100]);
      // in one turn, so that nothing of what the thread has sent is taken before the slot is closed
      await Promise.all([main.send(events), main.close()]);
      await until(() => collector.link.state === 'closed');
      collector.assertEvents(events);
    });

    it('of the slot is not told to a listener that destroyed it', async () => {
      const { collector } = attach(true);
      await main.destroyAt(2);
      for (const frame of testFrames([100, 100, 100, 100])) collector.link.send(frame);
      const { frames, closed } = await main.ended();
      assert.deepEqual([frames, closed], [2, 1]);
    });
  });

  it('tells of a frame that its listener could not handle, and goes on with the next', async () => {
    const doorbell = new Doorbell();
    const errors: Error[] = [];
    const other = new SlotLink({
      name: 'slot 1',
      doorbell,
      eventBufferSize: BUFFER,
      commandBufferSize: BUFFER,
      onError: (error) => errors.push(error),
    });
    let frames = 0;
    other.subscribe({
      frame() {
        if (++frames === 2) throw new Error('thrown by the listener');
      },
      drained() {},
      closed() {},
    });
    const collector = new Collector(other.attach());
    for (const frame of testFrames([100, 100, 100])) collector.link.send(frame);
    assert.equal(other.poll(), true);
    assert.deepEqual([frames, errors.map(({ message }) => message)], [3, ['thrown by the listener']]);
    collector.link.destroy();
    other.destroy();
  });
});

describe('a slot whose real threads are killed', () => {
  it('hands what they had not taken to the next one, each event once and in order', async () => {
    const { slot, end } = openSlot(BUFFER);
    const main = new LocalPeer(slot);
    await main.listen();
    const lengths = Array.from({ length: 120 }, (_, n) => 28 + ((n * 7919) % 30_000));
    await main.send(testFrames(lengths));
    let delivered = 0;
    for (const taking of ['none', 'none', 'all'] as Taking[]) {
      const memory = slot.attach();
      const takeover = slot.serveBy(memory.number);
      const { peer, worker } = await startLinkThread(memory, takeover, taking);
      await peer.listen();
      if (taking === 'all') {
        assertFrames(await peer.received(lengths.length), testFrames(lengths));
        await Promise.all([main.close(), peer.ended()]);
        delivered = (await peer.facts()).frames;
      } else {
        await peer.received(1);
      }
      await worker.terminate();
      slot.detach(memory.number);
    }
    end();
    assert.equal(delivered, lengths.length);
  });
});
