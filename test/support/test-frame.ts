import assert from 'node:assert/strict';
import { Command } from '#src/wire/command.js';
import { type Frame, HEADER_LENGTH, encodeFrame } from '#src/wire/frame.js';
import { SeededRandom } from './random.js';

/** A prime number of random bytes: fragments of no size begin at the same byte of it again and again. */
const NOISE = Buffer.alloc(65_521);
const noise = new SeededRandom(20261122);
for (let at = 0; at < NOISE.length; at++) NOISE[at] = noise.below(256);

/** Commands that every carrier passes on: not replies, which go to who asked, and not a slot's own. */
const COMMANDS = Object.values(Command).filter((command) => command < Command.REPLY);

/** The frame with this number: `length` bytes in all, and every field derived from the number. */
export function testFrame(number: number, length: number): Frame {
  const data = length - HEADER_LENGTH;
  const ext = Math.min(number % 7, data);
  const from = number % NOISE.length;
  return {
    command: COMMANDS[number % COMMANDS.length],
    localIp: Math.imul(number, 0x9e3779b1) >>> 0,
    localPort: Math.imul(number, 40_503) & 0xffff,
    clientIp: Math.imul(number, 0x85ebca6b) >>> 0,
    clientPort: Math.imul(number, 30_011) & 0xffff,
    connectionId: number,
    flags: Math.imul(number, 113) & 0xff,
    gatewayPort: Math.imul(number, 50_021) & 0xffff,
    ext: Buffer.alloc(ext, number + 1),
    body: Buffer.alloc(data - ext, NOISE.subarray(from === NOISE.length - 1 ? 0 : from)),
  };
}

/** Frames of these lengths, numbered from `first`. */
export function testFrames(lengths: readonly number[], first = 0): Frame[] {
  return lengths.map((length, index) => testFrame(first + index, length));
}

/** A length for this frame from the shortest possible to `longest`, short ones more often. */
export function lengthOf(number: number, longest: number): number {
  const share = (Math.imul(number + 1, 0x9e3779b1) >>> 0) / 2 ** 32;
  return HEADER_LENGTH + Math.floor(share ** 3 * (longest - HEADER_LENGTH + 1));
}

/** That exactly these frames arrived, encoded, in this order. */
export function assertFrames(arrived: readonly Uint8Array[], sent: readonly Frame[]): void {
  for (const [index, frame] of sent.entries()) {
    const expected = encodeFrame(frame);
    const found = arrived[index];
    if (found !== undefined && expected.equals(found)) continue;
    assert.fail(
      `frame ${index} of ${sent.length}: expected ${summary(expected)}, found ${found === undefined ? 'none' : summary(found)}`,
    );
  }
  assert.equal(arrived.length, sent.length, 'frames arrived');
}

function summary(bytes: Uint8Array): string {
  return `${bytes.length} bytes ${Buffer.from(bytes.subarray(0, 40)).toString('hex')}`;
}
