import assert from 'node:assert/strict';
import { FrameReader } from '#src/wire/frame-reader.js';
import { emptyFrame, encodeFrame } from '#src/wire/frame.js';
import type { Suite } from './suite.js';

const CHUNK = 64 * 1024;
const CHUNKS = 16;

/** A TCP stream between nodes, in the pieces that the kernel gives. */
export const frameReader: Suite = {
  name: 'frame-reader',
  title: 'cut a TCP stream into frames of 64-byte messages, per frame',
  prepare() {
    const frame = encodeFrame({ ...emptyFrame(), body: Buffer.alloc(64, 'x') });
    const count = Math.floor((CHUNK * CHUNKS) / frame.length);
    const stream = Buffer.concat(Array.from({ length: count }, () => frame));
    const chunks = Array.from({ length: CHUNKS }, (_, index) =>
      stream.subarray(index * CHUNK, (index + 1) * CHUNK),
    );
    return [
      {
        name: 'FrameReader: views of the chunk',
        operations: count,
        run() {
          let found = 0;
          const reader = new FrameReader(CHUNK);
          for (const chunk of chunks) reader.push(chunk, () => found++);
          assert.equal(found, count);
        },
      },
      {
        name: 'what is left joined with the next chunk, each frame a copy',
        operations: count,
        run() {
          let found = 0;
          let rest = Buffer.alloc(0);
          for (const chunk of chunks) {
            rest = Buffer.concat([rest, chunk]);
            while (rest.length >= 4 && rest.length >= rest.readUInt32BE(0)) {
              const length = rest.readUInt32BE(0);
              found += Buffer.from(rest.subarray(0, length)).length > 0 ? 1 : 0;
              rest = rest.subarray(length);
            }
          }
          assert.equal(found, count);
        },
      },
    ];
  },
};
