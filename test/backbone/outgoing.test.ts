import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Kind, ReceivedHeader } from '#src/backbone/message-header.js';
import { Outgoing } from '#src/backbone/outgoing.js';
import { Stream } from '#src/backbone/stream.js';
import { LinkGauge } from '#src/ring/link-gauge.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { HEADER_LENGTH, ReceivedFrame, decodeFrame, emptyFrame, encodeFrame } from '#src/wire/frame.js';

/** A NATS server that confirms when it is told to. */
class Carrier {
  maxPayload = 1000;
  up = true;
  readonly taken: { subject: string; payload: Buffer }[] = [];
  #confirm: ((confirmed: boolean) => void)[] = [];

  publish(subject: string, payload: Uint8Array): boolean {
    if (!this.up) return false;
    if (payload.length > this.maxPayload) throw new Error('too long');
    this.taken.push({ subject, payload: Buffer.from(payload) });
    return true;
  }

  async confirmed(): Promise<boolean> {
    return await new Promise<boolean>((resolve) => this.#confirm.push(resolve));
  }

  /** Confirms everything, when that is asked for; resolves when that was heard. */
  async confirm(clock: ManualClock, confirmed = true): Promise<void> {
    clock.advance(20);
    for (const resolve of this.#confirm.splice(0)) resolve(confirmed);
    await turn();
  }
}

function scene(bufferSize = 1_000_000) {
  const carrier = new Carrier();
  const clock = new ManualClock();
  const gauge = new LinkGauge();
  const refused: string[] = [];
  const forgotten: string[] = [];
  const drained = { times: 0 };
  const outgoing = new Outgoing({
    instance: 0x1234_5678_9abc,
    cell: 'eu',
    carrier,
    clock,
    bufferSize,
    gauge,
    onDrained: () => drained.times++,
    onRefused: (subject) => refused.push(subject),
    onForgotten: ({ subject }) => forgotten.push(subject),
  });
  outgoing.connected();
  outgoing.go();
  return { carrier, clock, gauge, outgoing, refused, forgotten, drained };
}

async function turn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}

function frame(text: string): ReceivedFrame {
  return decodeFrame(encodeFrame({ ...emptyFrame(), body: text }));
}

/** What a message says: its subject, number, and the bodies of its frames. */
function shown({ subject, payload }: { subject: string; payload: Buffer }): [string, number, ...string[]] {
  const header = new ReceivedHeader();
  header.read(payload);
  const bodies: string[] = [];
  for (let at = header.bodyStart; header.kind === Kind.FRAMES && at < payload.length; ) {
    const read = decodeFrame(payload, new ReceivedFrame(), at, payload.readUInt32BE(at));
    bodies.push(read.bodyText());
    at += read.length;
  }
  return [subject, header.first, ...bodies];
}

describe('what a node publishes', () => {
  it('frames for one subject in a row are one message, and their order among subjects stays', async () => {
    const { carrier, outgoing } = scene();
    const [red, green] = [new Stream('red', 1), new Stream('green', 2)];
    for (const [stream, text] of [
      [red, 'a'],
      [red, 'b'],
      [green, 'c'],
      [red, 'd'],
    ] as const)
      outgoing.relay(stream, frame(text));
    assert.deepEqual(carrier.taken, []);
    await turn();
    outgoing.relay(red, frame('e'));
    await turn();
    assert.deepEqual(carrier.taken.map(shown), [
      ['red', 0, 'a', 'b'],
      ['green', 0, 'c'],
      ['red', 2, 'd'],
      ['red', 3, 'e'],
    ]);
  });

  it('a message is never longer than the server allows, and a frame that is goes in parts', async () => {
    const { carrier, outgoing } = scene();
    const red = new Stream('red', 1);
    for (let count = 0; count < 40; count++) outgoing.relay(red, frame('x'.repeat(100)));
    const large = frame('y'.repeat(2500));
    outgoing.relay(red, large);
    outgoing.relay(red, frame('last'));
    await turn();
    assert.ok(carrier.taken.every(({ payload }) => payload.length <= carrier.maxPayload));
    const parts = carrier.taken.flatMap(({ payload }) => {
      const header = new ReceivedHeader();
      header.read(payload);
      return header.kind === Kind.PART ? [header.body] : [];
    });
    assert.deepEqual(Buffer.concat(parts), large.copy());
    assert.deepEqual(carrier.taken.map(shown).at(-1), ['red', 41, 'last']);
  });

  it('what was not confirmed when the connection broke goes out again first, and only that', async () => {
    const { carrier, clock, outgoing } = scene();
    const red = new Stream('red', 1);
    outgoing.relay(red, frame('a'));
    await turn();
    await carrier.confirm(clock);
    outgoing.relay(red, frame('b'));
    await turn();
    carrier.up = false;
    await carrier.confirm(clock, false);
    outgoing.disconnected();
    outgoing.relay(red, frame('c'));
    await turn();
    assert.equal(outgoing.published, 1);
    carrier.up = true;
    carrier.taken.length = 0;
    outgoing.connected();
    await turn();
    assert.deepEqual(carrier.taken, [], 'the others are waited for');
    outgoing.go();
    assert.deepEqual(carrier.taken.map(shown), [
      ['red', 1, 'b'],
      ['red', 2, 'c'],
    ]);
    await carrier.confirm(clock);
    assert.deepEqual([outgoing.published, outgoing.bufferedBytes], [3, 0]);
  });

  it('what waits is shown, congested from the buffer size on until half of it is left', async () => {
    const { carrier, clock, gauge, outgoing, drained } = scene(2000);
    const red = new Stream('red', 1);
    carrier.up = false;
    for (let count = 0; count < 3; count++) outgoing.relay(red, frame('x'.repeat(900)));
    assert.ok(gauge.buffered >= 2700);
    assert.equal(gauge.congested, true);
    await turn();
    carrier.up = true;
    outgoing.go();
    await carrier.confirm(clock);
    assert.deepEqual([gauge.buffered, gauge.congested, drained.times], [0, false, 1]);
  });

  it('what is given up, or refused by the server, keeps its number', async () => {
    const { carrier, outgoing, refused } = scene();
    const red = new Stream('red', 1);
    carrier.up = false;
    outgoing.relay(red, frame('a'));
    await turn();
    outgoing.disconnected();
    outgoing.giveUp();
    outgoing.relay(red, frame('b'));
    assert.deepEqual([outgoing.unsent, outgoing.bufferedBytes], [2, 0]);
    carrier.up = true;
    outgoing.connected();
    outgoing.go();
    outgoing.relay(red, frame('c'.repeat(900)));
    // another server, which takes less
    carrier.maxPayload = 500;
    await turn();
    assert.deepEqual([outgoing.unsent, refused], [3, ['red']]);
    outgoing.relay(red, frame('d'));
    await turn();
    assert.deepEqual(carrier.taken.map(shown), [['red', 3, 'd']]);
  });

  it('a stream that has become quiet is marked once, and again for those who ask', async () => {
    const { carrier, clock, outgoing } = scene();
    const [red, green] = [new Stream('red', 1), new Stream('green', 2)];
    red.next = 5;
    const second = async (): Promise<void> => {
      clock.advance(1000);
      outgoing.sweep();
      await turn();
    };
    outgoing.relay(red, frame('a'));
    outgoing.relay(green, frame('b'));
    await second();
    outgoing.relay(green, frame('c'));
    await second();
    const marks = (): [string, number, number, number][] =>
      carrier.taken.flatMap<[string, number, number, number]>(({ subject, payload }) => {
        const header = new ReceivedHeader();
        header.read(payload);
        if (header.kind !== Kind.MARK) return [];
        return [[subject, header.first, header.body.readUInt32BE(0), header.body.readUInt32BE(4)]];
      });
    assert.deepEqual(marks(), [['red', 6, 5, 2000]]);
    await second();
    await second();
    assert.deepEqual(marks(), [
      ['red', 6, 5, 2000],
      ['green', 2, 0, 3000],
    ]);
    carrier.taken.length = 0;
    outgoing.markSince(1000);
    await turn();
    assert.deepEqual(marks(), [['green', 2, 0, 4000]]);
    outgoing.relay(green, frame('d'));
    await second();
    await second();
    carrier.taken.length = 0;
    outgoing.markSince(10_000);
    await turn();
    assert.deepEqual(
      marks().filter(([subject]) => subject === 'green'),
      [['green', 3, 0, 6000]],
      'from the first use in that time',
    );
    carrier.taken.length = 0;
    clock.advance(120_000);
    await second();
    outgoing.markSince(200_000);
    await turn();
    assert.deepEqual(marks(), [], 'what was used two minutes ago is forgotten');
  });

  it('a stream that was not used for two minutes is forgotten, and not before', () => {
    const { clock, outgoing, forgotten } = scene();
    const [red, green] = [new Stream('red', 1), new Stream('green', 2)];
    const seconds = (count: number): void => {
      for (let second = 0; second < count; second++) {
        clock.advance(1000);
        outgoing.sweep();
      }
    };
    outgoing.relay(red, frame('a'));
    outgoing.relay(green, frame('b'));
    seconds(30);
    outgoing.relay(green, frame('c'));
    seconds(91);
    assert.deepEqual(forgotten, []);
    seconds(1);
    assert.deepEqual(forgotten, ['red']);
    seconds(30);
    assert.deepEqual(forgotten, ['red', 'green']);
    assert.equal(green.next, 2);
  });

  it('the number of whoever asks travels in the frame', async () => {
    const { carrier, outgoing } = scene();
    outgoing.relay(new Stream('one', 3), frame('a'), 513);
    await turn();
    const [{ payload }] = carrier.taken;
    const header = new ReceivedHeader();
    header.read(payload);
    assert.equal(decodeFrame(header.body).clientPort, 513);
    assert.equal(header.body.length, HEADER_LENGTH + 1);
    assert.deepEqual([header.instance, header.cell], [0x1234_5678_9abc, 'eu']);
  });
});
