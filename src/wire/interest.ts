import { GatewayError } from '../base/errors.js';
import { Command } from './command.js';
import { type Frame, type ReceivedFrame, decodeFrame, emptyFrame, encodeFrame } from './frame.js';

/*
 * A gateway's interest: which uids and groups it has clients of, as a filter that errs only by having too many (a Bloom
 * filter). Others follow it by INTEREST frames, with the feature interest/1 (worker-connect.ts):
 *
 *   client_port  client_ip  body
 *   FOLLOW       0                      slot to gateway: tells it the interest, and from now on what changes, over this link
 *   SNAPSHOT     version    bitmap      gateway to slot, over links that follow: the whole filter; its length, a power of
 *                                       two, is the filter's size. Bit n is bit n % 8 of byte n / 8
 *   CHANGES      version    u32 LE …    likewise: bits, in the order in which they changed; SET or cleared
 *   VERSION      version                gateway to slot, over any link, before the next frame: that may tell of what the
 *                                       interest has in this version
 *   BARRIER      0                      slot to gateway: a question behind what it has sent
 *   BARRIER      version                the answer: all of that has been carried out, and is in this version
 *
 * A name has PROBES bits: of its hashes (name-hash.ts), first + n * (second | 1), for n from 0, modulo the size. Versions
 * wrap at 2^32.
 */

export const InterestWord = { FOLLOW: 1, SNAPSHOT: 2, CHANGES: 3, VERSION: 4, BARRIER: 5 } as const;

export const PROBES = 4;

/** In a change, a signed int of 32 bits: the bit is set; else it is cleared. */
export const SET = -0x8000_0000;

/** Bits of the smallest filter, and of the largest, from which on more names only make it err more often. */
export const LEAST_BITS = 2 ** 16;
export const MOST_BITS = 2 ** 28;

const BYTES_A_CHANGE = 4;

/** The nth bit of a name. @param mask the filter's size less one */
export function probe(first: number, second: number, n: number, mask: number): number {
  return (first + Math.imul(n, second | 1)) & mask;
}

/** Whether the interest is at least this far. */
export function reaches(version: number, wanted: number): boolean {
  return ((version - wanted) | 0) >= 0;
}

/** An INTEREST frame. */
export function interestBytes(word: number, version = 0, body: Frame['body'] = ''): Buffer {
  return encodeFrame({
    ...emptyFrame(),
    command: Command.INTEREST,
    clientPort: word,
    clientIp: version,
    body,
  });
}

/** One without a body, to be sent again and again. */
export function interestWord(word: number): ReceivedFrame {
  return decodeFrame(interestBytes(word));
}

/** @param changes bits, with {@link SET} or without */
export function changesBytes(version: number, changes: readonly number[]): Buffer {
  const body = Buffer.allocUnsafe(changes.length * BYTES_A_CHANGE);
  for (let index = 0; index < changes.length; index++)
    body.writeInt32LE(changes[index], index * BYTES_A_CHANGE);
  return interestBytes(InterestWord.CHANGES, version, body);
}

/** The bitmap of a SNAPSHOT, copied. @throws GW_FRAME */
export function bitmapOf(frame: ReceivedFrame): Buffer {
  const bits = frame.body.length * 8;
  if (bits < LEAST_BITS || bits > MOST_BITS || (bits & (bits - 1)) !== 0) {
    throw new GatewayError(
      'GW_FRAME',
      `An interest of ${bits} bits came; expected a power of two, ${LEAST_BITS} to ${MOST_BITS}.`,
    );
  }
  return Buffer.from(frame.body);
}

/** Changes a bitmap as CHANGES say. @throws GW_FRAME */
export function applyChanges(bitmap: Buffer, { body }: ReceivedFrame): void {
  if (body.length % BYTES_A_CHANGE !== 0) {
    throw new GatewayError(
      'GW_FRAME',
      `Changes of an interest came in ${body.length} bytes; expected 4 for each.`,
    );
  }
  const mask = bitmap.length * 8 - 1;
  for (let at = 0; at < body.length; at += BYTES_A_CHANGE) {
    const change = body.readInt32LE(at);
    const bit = change & mask;
    if (change < 0) bitmap[bit >>> 3] |= 1 << (bit & 7);
    else bitmap[bit >>> 3] &= ~(1 << (bit & 7));
  }
}

/** Whether all bits of a name are set. */
export function hasName(bitmap: Buffer, first: number, second: number): boolean {
  const mask = bitmap.length * 8 - 1;
  for (let n = 0; n < PROBES; n++) {
    const bit = probe(first, second, n, mask);
    if ((bitmap[bit >>> 3] & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}
