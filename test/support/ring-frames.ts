import { BEGIN, END, HEAD, RING_HEADER_LENGTH, TAIL, WHOLE, createRing } from '#src/ring/layout.js';
import type { RingReader } from '#src/ring/reader.js';
import type { RingWriter } from '#src/ring/writer.js';

/** A ring whose positions start at `position` instead of 0: so near 2^32 that they soon wrap, say. */
export function ringAt(capacity: number, position: number): SharedArrayBuffer {
  const shared = createRing(capacity);
  const counters = new Int32Array(shared, 0, RING_HEADER_LENGTH / 4);
  counters[TAIL] = position;
  counters[HEAD] = position;
  return shared;
}

/** Bytes that tell their frame and their offset in it from any other. */
export function payload(frame: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = frame * 31 + at * 7 + (at >>> 8) * 13;
  return bytes;
}

/** Writes one record, without publishing it; false when there is no room. */
export function writeRecord(writer: RingWriter, bytes: Uint8Array, flags = WHOLE): boolean {
  const offset = writer.claim(bytes.length);
  if (offset < 0) return false;
  writer.data.set(bytes, offset);
  writer.commit(flags);
  return true;
}

/** A frame as records of at most `longest` bytes, each with its flags. */
export function fragments(bytes: Buffer, longest: number): Array<{ bytes: Buffer; flags: number }> {
  const parts = [];
  for (let at = 0; at < bytes.length; at += longest) {
    const end = Math.min(bytes.length, at + longest);
    const flags = (at === 0 ? BEGIN : 0) | (end === bytes.length ? END : 0);
    parts.push({ bytes: bytes.subarray(at, end), flags });
  }
  return parts;
}

export interface HandedFrame {
  readonly bytes: Buffer;
  readonly place: number;
}

/** What a poll hands out, copied. */
export function poll(reader: RingReader, limit = Number.MAX_SAFE_INTEGER): HandedFrame[] {
  const frames: HandedFrame[] = [];
  reader.poll((bytes, offset, length, place) => {
    frames.push({ bytes: Buffer.from(bytes.subarray(offset, offset + length)), place });
  }, limit);
  return frames;
}
