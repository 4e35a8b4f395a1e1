/*
 * How much waits in this process on its way to a gateway of another node, in shared memory, so that a worker thread that
 * sends a lot in one go knows at once and not only when a message has reached it. Int32 words:
 *
 *    0 buffered    bytes, 2^31 - 1 at most
 *    1 congested   1 from when more than the buffer size waits until little does
 *
 * The main thread writes, the threads of one slot read.
 */

const BUFFERED = 0;
const CONGESTED = 1;
const LARGEST = 2 ** 31 - 1;

export class LinkGauge {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.shared = shared;
    this.#words = new Int32Array(shared);
  }

  show(buffered: number, congested: boolean): void {
    Atomics.store(this.#words, BUFFERED, Math.min(buffered, LARGEST));
    Atomics.store(this.#words, CONGESTED, Number(congested));
  }

  /** Bytes. */
  get buffered(): number {
    return Atomics.load(this.#words, BUFFERED);
  }

  get congested(): boolean {
    return Atomics.load(this.#words, CONGESTED) === 1;
  }
}
