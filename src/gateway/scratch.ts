import { Buffer } from 'node:buffer';

/** Bytes of the memory that is used again. What is longer gets memory of its own. */
const SIZE = 64 * 1024;

/**
 * Memory for bytes that are usually needed for a moment only. What the operating system takes at once can lie where the
 * next client's bytes will: no memory is asked for, none is collected, and the processor's cache holds it.
 */
export class Scratch {
  #memory = Buffer.allocUnsafeSlow(SIZE);
  #start = 0;

  /** Memory for `length` bytes, until the next call; to be filled whole. */
  take(length: number): Buffer {
    if (length > SIZE) return Buffer.allocUnsafeSlow(length);
    if (length > SIZE - this.#start) {
      this.#memory = Buffer.allocUnsafeSlow(SIZE);
      this.#start = 0;
    }
    return this.#memory.subarray(this.#start, this.#start + length);
  }

  /** What was taken last is still needed: it is left to whoever holds it. */
  keep({ buffer, length }: Buffer): void {
    if (buffer === this.#memory.buffer) this.#start += length;
  }
}
