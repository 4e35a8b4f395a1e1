import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { recordLength } from '#src/ring/layout.js';
import { type Frame, HEADER_LENGTH, emptyFrame } from '#src/wire/frame.js';
import { Command } from '#src/wire/command.js';
import { type LinkPair, carriers } from '../support/link-carriers.js';
import type { Peer } from '../support/link-peer.js';
import { assertFrames, lengthOf, testFrame, testFrames } from '../support/test-frame.js';

/** Bytes: the links' buffer size, and so that of the rings. */
const BUFFER = 64 * 1024;
/** More than a stalled far end's socket, or ring, takes in by itself. */
const FLOOD = Array.from({ length: 24 }, () => 1024 * 1024);
const LARGE = 9 * 1024 * 1024;

/** Gives whatever can happen the time to happen: a stalled end takes nothing, however often the event loop turns. */
async function stall(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await turn();
}

/** The frames that Peer.stream sends. */
const streamed = (count: number, longest: number): Frame[] =>
  Array.from({ length: count }, (_, number) => testFrame(number, lengthOf(number, longest)));

/** Every number at its bounds, bodies and ext as text and as bytes. */
const EXTREMES: Frame[] = [
  emptyFrame(),
  {
    command: Command.ON_WEBSOCKET_CONNECT,
    localIp: 0xffffffff,
    localPort: 0xffff,
    clientIp: 0xffffffff,
    clientPort: 0xffff,
    connectionId: 0xffffffff,
    flags: 0xff,
    gatewayPort: 0xffff,
    ext: 'ext',
    body: 'body',
  },
  { ...emptyFrame(), localIp: 0x80000000, clientIp: 0x7fffffff, connectionId: 0x80000001, ext: 'é€😀' },
  { ...emptyFrame(), localPort: 0x8001, clientPort: 0x0100, gatewayPort: 0x00ff, body: 'naïve 中文 😀' },
  { ...emptyFrame(), flags: 0x80, ext: Buffer.from([0, 255, 10]), body: new Uint8Array([0, 128, 255]) },
];

/** A test with a bound: what these wait for either comes soon or never. */
function it(name: string, run: () => Promise<void>): void {
  test(name, { timeout: 30_000 }, run);
}

for (const carrier of carriers) {
  for (const direction of ['near to far', 'far to near'] as const) {
    describe(`link by ${carrier.name}, ${direction}`, () => {
      let pair: LinkPair;
      let sender: Peer;
      let receiver: Peer;
      const [from, to] =
        direction === 'near to far' ? (['near', 'far'] as const) : (['far', 'near'] as const);

      beforeEach(async () => {
        pair = await carrier.open(BUFFER);
        sender = pair[from];
        receiver = pair[to];
        await sender.listen();
      });
      afterEach(() => pair.release());

      it('starts open and empty', async () => {
        const { state, congested, bufferedBytes } = await sender.facts();
        assert.deepEqual(
          { state, congested, bufferedBytes },
          { state: 'open', congested: false, bufferedBytes: 0 },
        );
      });

      it('carries every field of a frame', async () => {
        await receiver.listen();
        await sender.send(EXTREMES);
        assertFrames(await receiver.received(EXTREMES.length), EXTREMES);
      });

      it('keeps the order of many frames, in both directions at once', async () => {
        await receiver.listen();
        await Promise.all([sender.stream(5000, 600), receiver.stream(3000, 2000)]);
        assertFrames(await receiver.received(5000), streamed(5000, 600));
        assertFrames(await sender.received(3000), streamed(3000, 2000));
      });

      it('delivers what was sent before the far end listened', async () => {
        const frames = testFrames([28, 100, 3000]);
        await sender.send(frames);
        await stall();
        await receiver.listen();
        assertFrames(await receiver.received(3), frames);
      });

      it('carries frames of every size around those of records, rings and buffers', async () => {
        await receiver.listen();
        const marks = [BUFFER / 8, BUFFER / 4, BUFFER / 2, BUFFER, 2 * BUFFER];
        const lengths = marks.flatMap((mark) => {
          const payload = mark - recordLength(0);
          return [payload - 1, payload, payload + 1, mark - 1, mark, mark + 1];
        });
        const frames = testFrames([HEADER_LENGTH, HEADER_LENGTH + 1, ...lengths]);
        await sender.send(frames);
        assertFrames(await receiver.received(frames.length), frames);
      });

      it('carries large frames in both directions, between small ones', async () => {
        await receiver.listen();
        const frames = testFrames([50, LARGE, 60, LARGE + 1, 28]);
        await Promise.all([sender.send(frames), receiver.send(frames)]);
        assertFrames(await receiver.received(5), frames);
        assertFrames(await sender.received(5), frames);
      });

      it('says false and accepts on while the far end is stalled; drains once when it goes on', async () => {
        const frames = testFrames(FLOOD);
        const accepted = await sender.send(frames);
        await stall();
        assert.equal(accepted.at(-1), false);
        assert.equal(accepted.lastIndexOf(true) < accepted.indexOf(false), true, accepted.join(' '));
        const stalled = await sender.facts();
        assert.ok(stalled.congested);
        assert.ok(stalled.bufferedBytes >= BUFFER, `${stalled.bufferedBytes} bytes`);
        assert.equal(stalled.drained, 0);

        await receiver.listen();
        assertFrames(await receiver.received(frames.length), frames);
        const { congested } = await sender.drained(1);
        assert.equal(congested, false);
        // there and back: whatever else the link had to say, it has said
        assert.deepEqual(await sender.send([testFrame(FLOOD.length, 100)]), [true]);
        await receiver.received(FLOOD.length + 1);
        await receiver.send([testFrame(0, 100)]);
        await sender.received(1);
        assert.equal((await sender.facts()).drained, 1);
      });

      it('drains once for every time that it said false', async () => {
        await receiver.listen();
        const refusals = await sender.stream(400, 4 * BUFFER);
        assertFrames(await receiver.received(400), streamed(400, 4 * BUFFER));
        assert.equal((await sender.facts()).drained, refusals);
      });

      it('counts what waits, and nothing once all has arrived', async () => {
        await sender.send(testFrames([1000, 1000, 1000]));
        const { bufferedBytes } = await sender.facts();
        // a socket may have handed it to the kernel, where this end no longer sees it
        assert.ok(bufferedBytes === 0 || bufferedBytes >= 3000, `${bufferedBytes} bytes`);
        await receiver.listen();
        await receiver.received(3);
        await receiver.send([testFrame(0, 28)]);
        await sender.received(1);
        assert.equal((await sender.facts()).bufferedBytes, 0);
      });

      it('lets out everything that was accepted before it is closed', async () => {
        const frames = testFrames(FLOOD);
        await sender.send(frames);
        const closings = [sender.close(), sender.close()];
        await stall();
        assert.equal((await sender.facts()).state, 'closing');
        await assert.rejects(sender.send([testFrame(0, 28)]), { code: 'GW_LINK_CLOSED' });
        await receiver.listen();
        assertFrames(await receiver.received(frames.length), frames);
        for (const { state, closed, error } of await Promise.all(closings)) {
          assert.deepEqual({ state, closed, error }, { state: 'closed', closed: 1, error: undefined });
        }
        if (carrier.endsOther[from]) {
          const { state, frames: count, closed, error } = await receiver.ended();
          assert.deepEqual(
            { state, count, closed, error },
            { state: 'closed', count: frames.length, closed: 1, error: undefined },
          );
        }
      });

      it('closes when nothing waits; then closing is done already, destroying nothing, and sending refused', async () => {
        await receiver.listen();
        await sender.close();
        await sender.close();
        const { state, closed } = await sender.destroy('too late');
        assert.deepEqual({ state, closed }, { state: 'closed', closed: 1 });
        await assert.rejects(sender.send([testFrame(0, 28)]), { code: 'GW_LINK_CLOSED' });
        const other = await (carrier.endsOther[from] ? receiver.ended() : receiver.facts());
        const ended = carrier.endsOther[from] ? ['closed', 1] : ['open', 0];
        assert.deepEqual([other.state, other.closed, other.error], [...ended, undefined]);
      });

      it('closes from both ends at once', async () => {
        await receiver.listen();
        const frames = testFrames([100, 200_000, 300]);
        await Promise.all([sender.send(frames), receiver.send(frames)]);
        await Promise.all([sender.close(), receiver.close()]);
        for (const peer of [sender, receiver]) {
          const { state, closed, error } = await peer.ended();
          assert.deepEqual({ state, closed, error }, { state: 'closed', closed: 1, error: undefined });
        }
      });

      it('is destroyed at once, however much waits, and only once', async () => {
        await sender.send(testFrames(FLOOD));
        const first = await sender.destroy('destroyed by the test');
        assert.deepEqual([first.state, first.closed, first.error], ['closed', 1, 'destroyed by the test']);
        const second = await sender.destroy('again');
        assert.deepEqual([second.closed, second.error], [1, 'destroyed by the test']);
        await assert.rejects(sender.send([testFrame(0, 28)]), { code: 'GW_LINK_CLOSED' });
        await sender.close();
        await stall();
        const { closed, drained } = await sender.facts();
        assert.deepEqual([closed, drained], [1, 0]);
      });

      it('ends a close that waits when it is destroyed', async () => {
        await sender.send(testFrames(FLOOD));
        const closing = sender.close();
        await stall();
        await sender.destroy('destroyed by the test');
        const { closed, error } = await closing;
        assert.deepEqual([closed, error], [1, 'destroyed by the test']);
      });

      it('delivers nothing after it was destroyed, not even from inside its listener', async () => {
        await receiver.destroyAt(3);
        await sender.send(testFrames([100, 100, 100, 100, 100]));
        await receiver.listen();
        const { frames, closed } = await receiver.ended();
        assert.deepEqual([frames, closed], [3, 1]);
      });

      it('learns once that the far end is gone', async () => {
        await receiver.listen();
        await receiver.send([testFrame(0, 100)]);
        await sender.received(1);
        await receiver.destroy();
        if (!carrier.endsOther[to]) {
          assert.deepEqual(await sender.send([testFrame(0, 28)]), [true]);
          return;
        }
        const { state, closed } = await sender.ended();
        assert.deepEqual([state, closed], ['closed', 1]);
        await assert.rejects(sender.send([testFrame(0, 28)]), { code: 'GW_LINK_CLOSED' });
        await stall();
        assert.equal((await sender.close()).closed, 1);
      });
    });
  }
}
