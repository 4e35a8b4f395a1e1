import { GatewayError } from '../base/errors.js';

/*
 * One ring: records from one producing thread to one consuming thread, in a SharedArrayBuffer.
 *
 *    0          64          128             192        256
 *   +----------+-----------+---------------+----------+----------------------------------+
 *   | tail     | head      | starved       | closed   | capacity bytes of records        |
 *   +----------+-----------+---------------+----------+----------------------------------+
 *    producer   consumer    producer sets,  producer    (each counter on a cache line of its own)
 *                           consumer clears
 *
 * tail and head are byte positions that run on and wrap at 2^32; the place in the data is position mod capacity (a power
 * of two). Everything from head to tail belongs to the consumer, the rest to the producer.
 *
 * A record starts at a multiple of 8 and never lies across the end of the data; where it would, a PADDING record fills
 * the rest:
 *
 *    0            4           8
 *   +------------+-----------+------------------------+ - - - - - - - - - -+
 *   | length u32 | flags u32 | length bytes of payload | up to a multiple of 8
 *   +------------+-----------+------------------------+ - - - - - - - - - -+
 *
 * A frame is one record with BEGIN and END, or, when it is long, several: BEGIN, none, …, END. So a frame larger than the
 * ring passes through it, and a consumer that starts in the middle finds the next whole frame at the next BEGIN.
 * TAKEN is set by a consumer that frees records one by one (see RingReader's `keep`): the frame needs no second handling.
 */

export const TAIL = 0;
export const HEAD = 16;
export const STARVED = 32;
export const CLOSED = 48;
/** Bytes before the records. */
export const RING_HEADER_LENGTH = 256;
/** Bytes before a record's payload. */
export const RECORD_HEADER_LENGTH = 8;

export const BEGIN = 1;
export const END = 2;
export const WHOLE = BEGIN | END;
export const PADDING = 4;
export const TAKEN = 8;

const SMALLEST = 1024;
const LARGEST = 2 ** 30;

/**
 * A ring that holds at least `bytes` of records (rounded up to a power of two).
 *
 * @throws GW_CONFIG outside 1 KiB … 1 GiB
 */
export function createRing(bytes: number): SharedArrayBuffer {
  if (!(bytes > 0 && bytes <= LARGEST)) {
    throw new GatewayError('GW_CONFIG', `A ring of ${bytes} bytes was asked for; expected 1 to ${LARGEST}.`);
  }
  const capacity = Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(bytes)));
  return new SharedArrayBuffer(RING_HEADER_LENGTH + capacity);
}

/** The views that a ring's ends work on. */
export interface RingViews {
  readonly counters: Int32Array;
  /** The records' headers: index = byte offset / 4. */
  readonly words: Int32Array;
  readonly data: Buffer;
  readonly capacity: number;
}

export function ringViews(shared: SharedArrayBuffer): RingViews {
  return {
    counters: new Int32Array(shared, 0, RING_HEADER_LENGTH / 4),
    words: new Int32Array(shared, RING_HEADER_LENGTH),
    data: Buffer.from(shared, RING_HEADER_LENGTH),
    capacity: shared.byteLength - RING_HEADER_LENGTH,
  };
}

/** The space that a record with this payload takes. */
export function recordLength(payload: number): number {
  return (RECORD_HEADER_LENGTH + payload + 7) & ~7;
}
