import {
  BEGIN,
  CLOSED,
  END,
  HEAD,
  PADDING,
  RECORD_HEADER_LENGTH,
  type RingViews,
  STARVED,
  TAIL,
  TAKEN,
  WHOLE,
  recordLength,
  ringViews,
} from './layout.js';

/**
 * Gets each whole frame: `length` bytes from `offset`, valid during the call only.
 *
 * @param place where the frame's last record lies in the ring: what {@link RingReader.take} is given
 */
export type FrameHandler = (bytes: Buffer, offset: number, length: number, place: number) => void;

export interface RingReaderOptions {
  readonly keep?: boolean;
  /** With `keep`, the frames whose first records another reader had, by the places of their last ones. */
  readonly originals?: Map<number, Buffer>;
}

/**
 * The consuming end of a ring.
 *
 * Ordinarily what was handled is freed at the end of a batch. With `keep`, a frame stays in the ring until it is taken,
 * so that another consumer can still have it if this one dies; frames may be taken in any order, and the space is freed
 * up to the oldest one that is not. The first records of a frame in fragments are taken at once, since it may be larger
 * than the ring: the producer keeps the originals of such frames until their last records are freed, and this reader's
 * successor is given those.
 */
export class RingReader {
  readonly #views: RingViews;
  readonly #keep: boolean;
  readonly #originals: Map<number, Buffer>;
  readonly #onSpace: () => void;
  /** Everything before it has been handed out. */
  #read: number;
  /** Everything before it is free. */
  #head: number;
  #publishedHead: number;
  #fragments: Buffer[] = [];
  #assembling = false;

  /** @param onSpace called when a producer that waits for space has it again: rings its doorbell */
  constructor(shared: SharedArrayBuffer, onSpace: () => void, options: RingReaderOptions = {}) {
    this.#views = ringViews(shared);
    this.#keep = options.keep ?? false;
    this.#originals = options.originals ?? new Map();
    this.#onSpace = onSpace;
    this.#head = Atomics.load(this.#views.counters, HEAD);
    this.#publishedHead = this.#head;
    this.#read = this.#head;
  }

  /** Bytes from the oldest record that is not free to the last one handed out: with `keep`, what pending frames hold. */
  get held(): number {
    return (this.#read - this.#head) >>> 0;
  }

  get capacity(): number {
    return this.#views.capacity;
  }

  /** Whether the producer has closed the ring and everything in it was handed out. */
  get ended(): boolean {
    // closed is stored after the last tail, so it is loaded before it
    return (
      Atomics.load(this.#views.counters, CLOSED) === 1 &&
      Atomics.load(this.#views.counters, TAIL) === this.#read
    );
  }

  /** Whether the producer has published something that was not handed out. */
  get waiting(): boolean {
    return Atomics.load(this.#views.counters, TAIL) !== this.#read;
  }

  /**
   * Hands out at most `limit` records' frames. If `onFrame` throws, that frame counts as handed out and the error goes on.
   *
   * @returns how many records were read
   */
  poll(onFrame: FrameHandler, limit: number): number {
    const { words, data, capacity, counters } = this.#views;
    const tail = Atomics.load(counters, TAIL);
    let count = 0;
    try {
      while (this.#read !== tail && count < limit) {
        const place = this.#read & (capacity - 1);
        const length = words[place >>> 2];
        const flags = words[(place >>> 2) + 1];
        this.#read = (this.#read + recordLength(length)) | 0;
        if ((flags & (PADDING | TAKEN)) !== 0) continue;
        count++;
        const start = place + RECORD_HEADER_LENGTH;
        if ((flags & WHOLE) === WHOLE) onFrame(data, start, length, place);
        else this.#assemble(onFrame, place, start, length, flags);
      }
    } finally {
      if (!this.#keep) this.#head = this.#read;
      this.free();
    }
    return count;
  }

  /** Marks a frame as taken: no consumer will be handed it again. Only with `keep`. */
  take(place: number): void {
    const flagsIndex = (place >>> 2) + 1;
    Atomics.store(this.#views.words, flagsIndex, this.#views.words[flagsIndex] | TAKEN);
  }

  /** Gives the space of everything that is done with back to the producer. */
  free(): void {
    const { words, capacity, counters } = this.#views;
    if (this.#keep) {
      while (this.#head !== this.#read) {
        const place = this.#head & (capacity - 1);
        if ((words[(place >>> 2) + 1] & TAKEN) === 0) break;
        this.#head = (this.#head + recordLength(words[place >>> 2])) | 0;
      }
    }
    if (this.#head === this.#publishedHead) return;
    this.#publishedHead = this.#head;
    Atomics.store(counters, HEAD, this.#head);
    if (
      Atomics.load(counters, STARVED) === 1 &&
      (Atomics.load(counters, TAIL) - this.#head) >>> 0 <= capacity / 2
    ) {
      Atomics.store(counters, STARVED, 0);
      this.#onSpace();
    }
  }

  #assemble(onFrame: FrameHandler, place: number, start: number, length: number, flags: number): void {
    if ((flags & BEGIN) !== 0) {
      this.#fragments = [];
      this.#assembling = true;
    }
    if (this.#assembling) this.#fragments.push(Buffer.from(this.#views.data.subarray(start, start + length)));
    const whole = (flags & END) === 0 ? undefined : this.#whole(place);
    if (whole === undefined) {
      if (this.#keep) this.take(place);
      else this.#head = this.#read;
      this.free();
      return;
    }
    onFrame(whole, 0, whole.length, place);
  }

  /** The frame whose last record lies at `place`; undefined when its beginning was another reader's and is gone. */
  #whole(place: number): Buffer | undefined {
    if (!this.#assembling) {
      const original = this.#originals.get(place);
      this.#originals.delete(place);
      return original;
    }
    const whole = Buffer.concat(this.#fragments);
    this.#fragments = [];
    this.#assembling = false;
    return whole;
  }
}
