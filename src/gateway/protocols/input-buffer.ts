/**
 * Bytes that have come in and not yet been taken. However the network cuts them, the work grows with their number:
 * they are searched once, and gathered in a buffer that doubles.
 *
 * Memory: what lies within one chunk is a view of it. What spans chunks is gathered in a buffer that grows
 * with what has arrived. Bytes that were handed out are never overwritten, and an empty buffer holds no memory.
 */
export class InputBuffer {
  #bytes: Buffer = EMPTY;
  #start = 0;
  #end = 0;
  /** Whether `#bytes` is ours to append to: otherwise it is the chunk that came last. */
  #owned = false;
  /** How far `indexOf` has looked, from `#start`. */
  #searched = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  append(chunk: Buffer): void {
    if (this.length === 0) {
      this.#bytes = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      this.#owned = false;
      return;
    }
    if (!this.#owned || this.#end + chunk.length > this.#bytes.length) this.#move(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** All bytes, as a view. */
  view(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Where the first `byte` is, -1 if there is none. It remembers how far it looked, so always ask for the same byte. */
  indexOf(byte: number): number {
    const found = this.#bytes.subarray(this.#start + this.#searched, this.#end).indexOf(byte);
    if (found === -1) {
      this.#searched = this.length;
      return -1;
    }
    this.#searched += found;
    return this.#searched;
  }

  /** Removes and returns the first `length` bytes, which must be there, as a view. */
  take(length: number): Buffer {
    const end = this.#start + length;
    const taken = this.#bytes.subarray(this.#start, end);
    if (end === this.#end) this.clear();
    else {
      this.#start = end;
      this.#searched = 0;
    }
    return taken;
  }

  clear(): void {
    this.#bytes = EMPTY;
    this.#start = this.#end = this.#searched = 0;
    this.#owned = false;
  }

  /** Moves what is left to a buffer of our own, with room for `more` bytes and as much again. */
  #move(more: number): void {
    const moved = Buffer.allocUnsafeSlow(Math.max(MIN_CAPACITY, 2 * (this.length + more)));
    const length = this.#bytes.copy(moved, 0, this.#start, this.#end);
    this.#bytes = moved;
    this.#start = 0;
    this.#end = length;
    this.#owned = true;
  }
}

const EMPTY = Buffer.alloc(0);

/** Bytes; less would be moved again at once. */
const MIN_CAPACITY = 64;
