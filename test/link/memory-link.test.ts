import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memoryLinkPair } from '../support/memory-link.js';
import { LocalPeer } from '../support/link-peer.js';
import { assertFrames, testFrame, testFrames } from '../support/test-frame.js';

describe('memoryLinkPair', { timeout: 10_000 }, () => {
  it('delivers in another turn of the event loop, as every other link does', async () => {
    const [near, far] = memoryLinkPair(1000);
    const peer = new LocalPeer(far);
    await Promise.all([new LocalPeer(near).listen(), peer.listen()]);
    near.send(testFrame(0, 100));
    await Promise.resolve();
    assert.equal((await peer.facts()).frames, 0);
    assertFrames(await peer.received(1), [testFrame(0, 100)]);
  });

  it('delivers what an end sends, and closes after, while the other one is being handed a frame', async () => {
    const [near, far] = memoryLinkPair(1000);
    await new LocalPeer(near).listen();
    const peer = new LocalPeer(
      far,
      () => {},
      (frame) => {
        if (frame.connectionId > 0) return;
        near.send(testFrame(1, 100));
        void near.close();
      },
    );
    await peer.listen();
    near.send(testFrame(0, 100));
    await peer.ended();
    assertFrames(await peer.received(2), testFrames([100, 100]));
  });
});
