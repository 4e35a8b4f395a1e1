import { MAX_FRAME_LENGTH } from '../wire/frame.js';
import type { ReceivedHeader } from './message-header.js';

interface Unfinished {
  readonly number: number;
  readonly pieces: Buffer[];
  bytes: number;
}

/** Frames of one publisher that come in parts. They come in order; one of which a part is missing is left out. */
export class Assembly {
  /** By stream. */
  readonly #unfinished = new Map<number, Unfinished>();

  /** Takes a part. @returns the whole frame with its last one */
  add({ stream, first, part, parts, body }: ReceivedHeader): Buffer | undefined {
    if (part === 0) this.#unfinished.set(stream, { number: first, pieces: [], bytes: 0 });
    const frame = this.#unfinished.get(stream);
    if (frame?.number !== first || part < frame.pieces.length) return undefined;
    frame.bytes += body.length;
    if (part > frame.pieces.length || frame.bytes > MAX_FRAME_LENGTH) {
      this.#unfinished.delete(stream);
      return undefined;
    }
    // the bytes are valid during the call only
    frame.pieces.push(Buffer.from(body));
    if (part < parts - 1) return undefined;
    this.#unfinished.delete(stream);
    return Buffer.concat(frame.pieces, frame.bytes);
  }

  forget(stream: number): void {
    this.#unfinished.delete(stream);
  }
}
