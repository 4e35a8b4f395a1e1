import { type FrameRow, MESSAGE_LENGTH, REPLY_LENGTH } from './messages.js';

const TEXT_FRAME = 0x81;
const CLOSE_FRAME = 0x88;
const PING_FRAME = 0x89;
const HEADER_LENGTH = 2;
/** Longer frames have a longer header; no server has a reason to send one here. */
const LONGEST_PAYLOAD = 125;

/**
 * Counts the messages in a server's stream. Every frame's header is looked at, and of the payloads those of the first
 * whole frame in each piece of the stream and of every frame that lies across two pieces: a message that is lost, doubled,
 * reordered or changed shifts what follows, and is found soon.
 */
export class FrameCounter {
  received = 0;
  readonly #onPing: () => void;
  #expected: FrameRow | undefined;
  /** The beginning of a frame whose end has not come. */
  readonly #partial = Buffer.allocUnsafe(HEADER_LENGTH + LONGEST_PAYLOAD);
  #partialLength = 0;

  constructor(onPing: () => void) {
    this.#onPing = onPing;
  }

  expect(replies: FrameRow): void {
    this.#expected = replies;
    this.received = 0;
  }

  /** Takes in a piece of the stream. @returns how many messages it completed */
  push(bytes: Buffer, start: number, end: number): number {
    const before = this.received;
    let at = start;
    while (this.#partialLength > 0 && at < end) at = this.#complete(bytes, at, end);
    let looked = false;
    while (end - at >= HEADER_LENGTH) {
      const next = at + HEADER_LENGTH + bytes[at + 1];
      if (bytes[at] !== TEXT_FRAME || next - at !== REPLY_LENGTH) this.#control(bytes, at);
      if (next > end) break;
      if (bytes[at] === TEXT_FRAME) {
        if (!looked) this.#look(bytes, at);
        looked = true;
        this.received++;
      }
      at = next;
    }
    if (at < end) {
      bytes.copy(this.#partial, 0, at, end);
      this.#partialLength = end - at;
    }
    return this.received - before;
  }

  /** Fills the partial frame up. @returns how far `bytes` is used */
  #complete(bytes: Buffer, start: number, end: number): number {
    const known = this.#partialLength < HEADER_LENGTH ? HEADER_LENGTH : HEADER_LENGTH + this.#partial[1];
    const length = Math.min(known - this.#partialLength, end - start);
    bytes.copy(this.#partial, this.#partialLength, start, start + length);
    this.#partialLength += length;
    if (this.#partialLength >= HEADER_LENGTH) {
      const text = this.#partial[0] === TEXT_FRAME && this.#partial[1] === MESSAGE_LENGTH;
      if (this.#partialLength === HEADER_LENGTH && !text) this.#control(this.#partial, 0);
      if (this.#partialLength === HEADER_LENGTH + this.#partial[1]) {
        this.#partialLength = 0;
        if (text) {
          this.#look(this.#partial, 0);
          this.received++;
        }
      }
    }
    return start + length;
  }

  #look(bytes: Buffer, at: number): void {
    const expected = this.#expected;
    if (expected === undefined) return;
    const place = expected.at(this.received);
    if (bytes.compare(expected.bytes, place, place + REPLY_LENGTH, at, at + REPLY_LENGTH) === 0) return;
    const wanted = expected.bytes.toString('latin1', place + HEADER_LENGTH, place + REPLY_LENGTH);
    const found = bytes.toString('latin1', at + HEADER_LENGTH, at + REPLY_LENGTH);
    throw new Error(`message ${this.received} is "${found}"; expected "${wanted}"`);
  }

  /** What is no message: a ping is answered, anything else is a wrong answer. */
  #control(bytes: Buffer, at: number): void {
    if (bytes[at] === PING_FRAME && bytes[at + 1] === 0) {
      this.#onPing();
      return;
    }
    const what = bytes[at] === CLOSE_FRAME ? 'a close frame' : `a frame that begins with ${bytes[at]}`;
    throw new Error(
      `the server sent ${what} of ${bytes[at + 1]} bytes; expected messages of ${MESSAGE_LENGTH}`,
    );
  }
}
