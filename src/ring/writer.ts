import {
  CLOSED,
  HEAD,
  PADDING,
  RECORD_HEADER_LENGTH,
  type RingViews,
  STARVED,
  TAIL,
  TAKEN,
  recordLength,
  ringViews,
} from './layout.js';

/**
 * The producing end of a ring. A record is claimed, filled in place in {@link data}, and committed; the consumer sees it
 * after {@link publish}. Whoever publishes rings the consumer's doorbell, once per batch.
 */
export class RingWriter {
  /** The memory that a claimed payload is written to. */
  readonly data: Buffer;
  readonly capacity: number;
  /** The longest payload of one record: an eighth of the ring, so that a long frame never waits for an empty ring. */
  readonly longestPayload: number;
  readonly #views: RingViews;
  #tail: number;
  #published: number;
  #head: number;
  #claimed = 0;

  constructor(shared: SharedArrayBuffer) {
    this.#views = ringViews(shared);
    this.data = this.#views.data;
    this.capacity = this.#views.capacity;
    this.longestPayload = this.capacity / 8 - RECORD_HEADER_LENGTH;
    this.#tail = Atomics.load(this.#views.counters, TAIL);
    this.#published = this.#tail;
    this.#head = Atomics.load(this.#views.counters, HEAD);
  }

  /** Bytes between producer and consumer, as far as this end knows: never less than there are. */
  get used(): number {
    return (this.#tail - this.#head) >>> 0;
  }

  /** Where the next record begins: a position, not yet a place in {@link data}. */
  get position(): number {
    return this.#tail;
  }

  /** Whether the consumer has freed everything before this position, as far as this end knows. */
  freed(position: number): boolean {
    return ((this.#head - position) | 0) >= 0;
  }

  /** How far the ring was written and freed: positions that wrap at 2^32. */
  get flow(): { readonly written: number; readonly freed: number } {
    this.measure();
    return { written: this.#tail, freed: this.#head };
  }

  /** As {@link used}, after a look at how far the consumer has come. */
  measure(): number {
    this.#head = Atomics.load(this.#views.counters, HEAD);
    return this.used;
  }

  /**
   * Room for a payload of `length` bytes (at most {@link longestPayload}).
   *
   * @returns its offset in {@link data}, or -1 when the ring is too full now
   */
  claim(length: number): number {
    const needed = recordLength(length);
    let place = this.#tail & (this.capacity - 1);
    const rest = this.capacity - place;
    const total = needed > rest ? rest + needed : needed;
    if (this.used + total > this.capacity && this.measure() + total > this.capacity) return -1;
    if (needed > rest) {
      this.#writeHeader(place, rest - RECORD_HEADER_LENGTH, PADDING | TAKEN);
      this.#tail = (this.#tail + rest) | 0;
      place = 0;
    }
    this.#claimed = length;
    return place + RECORD_HEADER_LENGTH;
  }

  /** Ends the record that was claimed last. */
  commit(flags: number): void {
    this.#writeHeader(this.#tail & (this.capacity - 1), this.#claimed, flags);
    this.#tail = (this.#tail + recordLength(this.#claimed)) | 0;
  }

  /** Shows the consumer everything that was committed. @returns whether there was anything new */
  publish(): boolean {
    if (this.#tail === this.#published) return false;
    this.#published = this.#tail;
    Atomics.store(this.#views.counters, TAIL, this.#tail);
    return true;
  }

  /**
   * Asks the consumer to ring this end's doorbell when it has freed most of the ring.
   *
   * @returns false when that is the case already, and nobody will ring
   */
  awaitSpace(): boolean {
    Atomics.store(this.#views.counters, STARVED, 1);
    if (this.measure() > this.capacity / 2) return true;
    Atomics.store(this.#views.counters, STARVED, 0);
    return false;
  }

  /** Tells the consumer that nothing more comes after what is published. */
  close(): void {
    this.publish();
    Atomics.store(this.#views.counters, CLOSED, 1);
  }

  #writeHeader(place: number, length: number, flags: number): void {
    this.#views.words[place >>> 2] = length;
    this.#views.words[(place >>> 2) + 1] = flags;
  }
}
