import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { TcpLink } from '#src/link/tcp-link.js';
import { encodeFrame } from '#src/wire/frame.js';
import { LocalPeer } from '../support/link-peer.js';
import { assertFrames, testFrame, testFrames } from '../support/test-frame.js';

const MAX_FRAME_LENGTH = 1024 * 1024;
/** More than the kernel holds for a peer that does not read. */
const BACKLOG = Array.from({ length: 48 }, () => MAX_FRAME_LENGTH);

/** A test with a bound: what these wait for either comes at once or never. */
function it(name: string, run: () => void | Promise<void>): void {
  test(name, { timeout: 10_000 }, run);
}

describe('TcpLink', () => {
  let socket: Socket;
  let link: TcpLink;
  let peer: LocalPeer;
  /** The far end: bytes, no link. */
  let far: Socket;
  let stop: () => Promise<void>;

  beforeEach(async () => {
    // half open, so that the far end decides itself when it ends
    const server = createServer({ allowHalfOpen: true });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    [[far]] = (await Promise.all([once(server, 'connection'), once(socket, 'connect')])) as [
      [Socket],
      unknown,
    ];
    link = new TcpLink(socket, { name: 'a peer', bufferSize: 1, maxFrameLength: MAX_FRAME_LENGTH });
    peer = new LocalPeer(link);
    stop = async () => {
      link.destroy();
      far.destroy();
      await new Promise((resolve) => server.close(resolve));
    };
  });
  afterEach(() => stop());

  it('finds frames in chunks of any size', async () => {
    await peer.listen();
    const frames = testFrames([28, 300, 29]);
    const bytes = Buffer.concat(frames.map(encodeFrame));
    far.setNoDelay(true);
    for (let at = 0; at < bytes.length; at += 7) {
      await new Promise((resolve) => far.write(bytes.subarray(at, at + 7), resolve));
    }
    assertFrames(await peer.received(3), frames);
  });

  it('ends with GW_FRAME when the far end announces a frame above the limit', async () => {
    await peer.listen();
    const good = testFrame(1, 100);
    const header = Buffer.alloc(28);
    header.writeUInt32BE(MAX_FRAME_LENGTH + 1);
    far.write(Buffer.concat([encodeFrame(good), header]));
    const { frames, closed, error } = await peer.ended();
    assert.deepEqual([frames, closed], [1, 1]);
    assert.match(error ?? '', new RegExp(`${MAX_FRAME_LENGTH + 1} bytes`));
  });

  it('ends with the error of a connection that was reset', async () => {
    await peer.listen();
    far.resetAndDestroy();
    const { closed, error } = await peer.ended();
    assert.equal(closed, 1);
    assert.match(error ?? '', /ECONNRESET/);
  });

  it('writes the frames of one tick together', async () => {
    await peer.listen();
    const frames = testFrames([28, 40, 50]);
    for (const frame of frames) link.send(frame);
    assert.equal(link.bufferedBytes, 28 + 40 + 50, 'none has gone out by itself');
    const [chunk] = (await once(far, 'data')) as [Buffer];
    assert.deepEqual(chunk, Buffer.concat(frames.map(encodeFrame)));
  });

  it('delivers its backlog to a far end that has said all it had to say, and takes no more', async () => {
    await peer.listen();
    const frames = testFrames(BACKLOG);
    await peer.send(frames);
    far.end(encodeFrame(testFrame(7, 50)));
    await once(socket, 'end');
    assertFrames(await peer.received(1), [testFrame(7, 50)]);
    assert.throws(() => link.send(testFrame(0, 28)), { code: 'GW_LINK_CLOSED' });

    const chunks: Buffer[] = [];
    for await (const chunk of far) chunks.push(chunk as Buffer);
    assert.ok(
      Buffer.concat(chunks).equals(Buffer.concat(frames.map(encodeFrame))),
      'every byte of the backlog',
    );
    const { closed, error } = await peer.ended();
    assert.deepEqual([closed, error], [1, undefined]);
  });

  it('can be destroyed with an error before anybody listens', async () => {
    // not by once(): that would listen for the error, too
    const gone = new Promise((resolve) => socket.on('close', resolve));
    link.destroy(new Error('destroyed by the test'));
    await gone;
    assert.equal(link.state, 'closed');
  });

  it('closes, too, when nobody has listened', async () => {
    far.resume();
    far.on('end', () => far.end());
    await link.close();
    assert.equal(link.state, 'closed');
  });
});
