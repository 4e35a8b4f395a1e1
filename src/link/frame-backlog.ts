import { Buffer } from 'node:buffer';
import { Queue } from '../base/queue.js';

/** Bytes of a piece that several frames share. */
const PIECE = 64 * 1024;
/** Bytes before each frame, for its length. */
const LENGTH = 4;

/** Memory with frames in it: filled up to `end`. */
interface Piece {
  readonly bytes: Buffer;
  end: number;
}

/**
 * Frames that wait, first in, first out. They lie one behind the other in pieces of memory, so that a hundred thousand
 * short ones take little more than their bytes, and not an object each:
 *
 *     ┌────────┬─────────┬────────┬─────────┬ ─ ─
 *     │ length │ frame … │ length │ frame … │
 *     └────────┴─────────┴────────┴─────────┴ ─ ─
 *
 * A frame longer than half a piece has one of its own. Memory is never written again, so a view of it stays as it is.
 */
export class FrameBacklog {
  readonly #pieces = new Queue<Piece>();
  /** The one that frames are added to. */
  #last: Piece | undefined;
  /** Where the first frame's length lies, in the first piece. */
  #at = 0;
  /** The oldest frame, once somebody has looked at it. */
  #first: Buffer | undefined;
  #count = 0;
  #bytes = 0;

  /** How many frames wait. */
  get length(): number {
    return this.#count;
  }

  /** Bytes of these frames. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a frame of `length` bytes. @returns where they go; to be filled at once */
  add(length: number): Buffer {
    const needed = LENGTH + length;
    let piece = this.#last;
    if (piece === undefined || needed > piece.bytes.length - piece.end) {
      piece = { bytes: Buffer.allocUnsafeSlow(needed > PIECE / 2 ? needed : PIECE), end: 0 };
      this.#pieces.push(piece);
      this.#last = piece;
    }
    const start = piece.end + LENGTH;
    piece.bytes.writeUInt32LE(length, piece.end);
    piece.end = start + length;
    this.#count++;
    this.#bytes += length;
    return piece.bytes.subarray(start, piece.end);
  }

  /** The oldest frame, which stays; undefined when none waits. */
  peek(): Buffer | undefined {
    const piece = this.#pieces.peek();
    if (this.#first !== undefined || piece === undefined) return this.#first;
    const start = this.#at + LENGTH;
    this.#first = piece.bytes.subarray(start, start + piece.bytes.readUInt32LE(this.#at));
    return this.#first;
  }

  /** Takes the oldest frame out, if there is one. */
  shift(): void {
    const piece = this.#pieces.peek();
    if (piece === undefined) return;
    const length = piece.bytes.readUInt32LE(this.#at);
    this.#at += LENGTH + length;
    this.#first = undefined;
    this.#count--;
    this.#bytes -= length;
    if (this.#at < piece.end) return;
    this.#pieces.shift();
    this.#at = 0;
    if (piece === this.#last) this.#last = undefined;
  }
}
