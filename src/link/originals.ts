import { Queue } from '../base/queue.js';
import type { RingWriter } from '../ring/writer.js';

/** A frame in fragments whose last record the consumer has not freed. */
interface Original {
  readonly bytes: Buffer;
  /** Where its last record lies. */
  readonly place: number;
  /** The position after that. */
  readonly end: number;
}

/**
 * Frames in fragments as they were before they went into a ring whose reader keeps: one that takes over from it cannot read
 * them from the ring, since their first records are free already (see RingReader).
 */
export class Originals {
  readonly #writer: RingWriter;
  /** Oldest first, which is how they are freed. */
  readonly #frames = new Queue<Original>();

  constructor(writer: RingWriter) {
    this.#writer = writer;
  }

  /** A frame's last record has just been written. @param place where that lies */
  add(bytes: Buffer, place: number): void {
    this.#frames.push({ bytes, place, end: this.#writer.position });
  }

  /** Forgets those of which all is free. */
  forgetFreed(): void {
    for (let oldest = this.#frames.peek(); oldest !== undefined; oldest = this.#frames.peek()) {
      if (!this.#writer.freed(oldest.end)) return;
      this.#frames.shift();
    }
  }

  /** By the places of their last records. */
  list(): Array<readonly [place: number, frame: Buffer]> {
    return Array.from(this.#frames, ({ place, bytes }) => [place, bytes]);
  }
}
