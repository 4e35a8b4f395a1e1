import type { Dialect } from './dialect.js';
import type { FrameRow } from './messages.js';

const TEXT_FRAME = 0x81;
const CLOSE_FRAME = 0x88;
const PING_FRAME = 0x89;
const HEADER_LENGTH = 2;
/** Longer frames have a longer header; no server has a reason to send one here. */
const LONGEST_PAYLOAD = 125;

/** What looks at a server's stream. */
export interface Counter {
  /** Messages so far. */
  readonly received: number;
  /** Whether every frame has come that comes before messages do. */
  readonly welcomed: boolean;
  /** Takes in a piece of the stream. @returns how many messages it completed */
  push(bytes: Buffer, start: number, end: number): number;
}

/** Who is told of frames that are no messages. */
export interface ControlFrames {
  /** The websocket's own. */
  ping(): void;
  /** The dialect's. */
  aliveAsked(): void;
}

/**
 * Counts the messages in a server's stream. Every frame's header is looked at, and of the payloads those of the first
 * whole frame in each piece of the stream and of every frame that lies across two pieces: a message that is lost, doubled,
 * reordered or changed shifts what follows, and is found soon.
 */
export class FrameCounter implements Counter {
  received = 0;
  readonly #control: ControlFrames;
  readonly #messageLength: number;
  readonly #replyLength: number;
  readonly #pingLength: number;
  /** Frames that are still to come before the first message. */
  #welcomes: number;
  #expected: FrameRow | undefined;
  /** The beginning of a frame whose end has not come. */
  readonly #partial = Buffer.allocUnsafe(HEADER_LENGTH + LONGEST_PAYLOAD);
  #partialLength = 0;

  constructor(dialect: Dialect, control: ControlFrames) {
    this.#control = control;
    this.#messageLength = dialect.messageLength;
    this.#replyLength = HEADER_LENGTH + dialect.messageLength;
    this.#pingLength = dialect.pingLength;
    this.#welcomes = dialect.welcomes;
  }

  /** Whether every frame has come that comes before messages do. */
  get welcomed(): boolean {
    return this.#welcomes === 0;
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
      if (next > end) break;
      if (bytes[at] !== TEXT_FRAME || next - at !== this.#replyLength) {
        this.#other(bytes, at);
      } else {
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
    if (this.#partialLength < HEADER_LENGTH) return start + length;
    this.#refuseLong(this.#partial, 0);
    if (this.#partialLength === HEADER_LENGTH + this.#partial[1]) {
      this.#partialLength = 0;
      if (this.#partial[0] === TEXT_FRAME && this.#partial[1] === this.#messageLength) {
        this.#look(this.#partial, 0);
        this.received++;
      } else {
        this.#other(this.#partial, 0);
      }
    }
    return start + length;
  }

  #look(bytes: Buffer, at: number): void {
    const expected = this.#expected;
    if (expected === undefined) return;
    const place = expected.at(this.received);
    const length = this.#replyLength;
    if (bytes.compare(expected.bytes, place, place + length, at, at + length) === 0) return;
    const wanted = expected.bytes.toString('latin1', place + HEADER_LENGTH, place + length);
    const found = bytes.toString('latin1', at + HEADER_LENGTH, at + length);
    throw new Error(`message ${this.received} is "${found}"; expected "${wanted}"`);
  }

  /** What is no message: a welcome is counted, a ping is answered, anything else is a wrong answer. */
  #other(bytes: Buffer, at: number): void {
    this.#refuseLong(bytes, at);
    const kind = bytes[at];
    const length = bytes[at + 1];
    if (kind === TEXT_FRAME && this.#welcomes > 0) this.#welcomes--;
    else if (kind === TEXT_FRAME && length === this.#pingLength && length > 0) this.#control.aliveAsked();
    else if (kind === PING_FRAME && length === 0) this.#control.ping();
    else throw this.#wrong(bytes, at);
  }

  #refuseLong(bytes: Buffer, at: number): void {
    if (bytes[at + 1] > LONGEST_PAYLOAD) throw this.#wrong(bytes, at);
  }

  #wrong(bytes: Buffer, at: number): Error {
    const what = bytes[at] === CLOSE_FRAME ? 'a close frame' : `a frame that begins with ${bytes[at]}`;
    return new Error(
      `the server sent ${what} of ${bytes[at + 1]} bytes; expected messages of ${this.#messageLength}`,
    );
  }
}
