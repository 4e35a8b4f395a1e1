import { GatewayError } from '../base/errors.js';
import { HEADER_LENGTH } from './frame.js';

/**
 * Cuts a TCP byte stream, which comes in chunks of any size, into whole frames.
 *
 * Memory: a frame that lies within one chunk is a view of it. One that spans chunks is gathered in a buffer that grows
 * with what has arrived, never with what the header promises, and keeps no chunk alive.
 */
export class FrameReader {
  /** Bytes of the longest frame, header included. */
  maxLength: number;
  /** The start of a frame whose end has not arrived: the first `#partialLength` bytes count. */
  #partial = EMPTY;
  #partialLength = 0;
  #failure: { error: unknown } | undefined;

  /** @param maxLength bytes of the longest frame, header included */
  constructor(maxLength: number) {
    this.maxLength = maxLength;
  }

  /**
   * Calls `onFrame` for every frame that the chunk completes, in order. The bytes handed over may be a view of
   * `chunk`: they stay valid for as long as the caller leaves `chunk` unchanged.
   *
   * An error, be it GW_FRAME or one that `onFrame` threw, ends the reader, since the rest of the stream has lost its
   * frame boundary: every further push throws the same error.
   *
   * @throws GW_FRAME as soon as the first four bytes of a frame announce a length out of bounds
   */
  push(chunk: Buffer, onFrame: (frameBytes: Buffer) => void): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    try {
      let at = this.#partialLength > 0 ? this.#completePartial(chunk, onFrame) : 0;
      let expected = LENGTH_FIELD;
      while (chunk.length - at >= LENGTH_FIELD) {
        const frameLength = this.readLength(chunk, at);
        if (frameLength > chunk.length - at) {
          expected = frameLength;
          break;
        }
        const end = at + frameLength;
        onFrame(chunk.subarray(at, end));
        at = end;
      }
      if (at < chunk.length) this.#gather(chunk, at, chunk.length, expected);
    } catch (error) {
      this.#failure = { error };
      this.#release();
      throw error;
    }
  }

  /** Continues the frame begun by earlier chunks; returns how many bytes of this one it took. */
  #completePartial(chunk: Buffer, onFrame: (frameBytes: Buffer) => void): number {
    let at = 0;
    if (this.#partialLength < LENGTH_FIELD) {
      at = Math.min(LENGTH_FIELD - this.#partialLength, chunk.length);
      this.#gather(chunk, 0, at, LENGTH_FIELD);
      if (this.#partialLength < LENGTH_FIELD) return at;
    }
    const frameLength = this.readLength(this.#partial, 0);
    const end = Math.min(at + frameLength - this.#partialLength, chunk.length);
    this.#gather(chunk, at, end, frameLength);
    if (this.#partialLength === frameLength) {
      const frame = this.#partial;
      this.#release();
      onFrame(frame);
    }
    return end;
  }

  /** Appends to the partial frame, of which at most `expected` bytes are to come in all. */
  #gather(chunk: Buffer, from: number, to: number, expected: number): void {
    const length = this.#partialLength + to - from;
    if (length > this.#partial.length) {
      // doubling keeps the copying linear when the chunks are small
      const capacity = Math.min(expected, Math.max(length, this.#partial.length * 2, HEADER_LENGTH));
      const grown = Buffer.allocUnsafeSlow(capacity);
      this.#partial.copy(grown, 0, 0, this.#partialLength);
      this.#partial = grown;
    }
    chunk.copy(this.#partial, this.#partialLength, from, to);
    this.#partialLength = length;
  }

  #release(): void {
    this.#partial = EMPTY;
    this.#partialLength = 0;
  }

  /**
   * How many bytes the frame has that begins `at`, its length field included.
   *
   * @throws GW_FRAME when that is out of bounds
   */
  protected readLength(bytes: Buffer, at: number): number {
    const length = bytes.readUInt32BE(at);
    if (length < HEADER_LENGTH || length > this.maxLength) {
      throw new GatewayError(
        'GW_FRAME',
        `A frame announces ${length} bytes; expected ${HEADER_LENGTH} to ${this.maxLength}. Either the peer does not speak the inner protocol, or the message is too large.`,
      );
    }
    return length;
  }
}

const EMPTY = Buffer.alloc(0);
const LENGTH_FIELD = 4;
