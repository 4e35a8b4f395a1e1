import { constants, inflateRawSync } from 'node:zlib';
import type { Dialect } from './dialect.js';
import type { ControlFrames, Counter } from './frame-counter.js';

const TEXT = 0x1;
const PING_FRAME = 0x89;
const OPCODE = 0x0f;
const FIN = 0x80;
const RSV1 = 0x40;
const RSV23 = 0x30;
/** What a flush ends with, and the sender leaves out (RFC 7692, 7.2.1). */
const ENDING = Buffer.from('0000ffff', 'hex');
/** Of so many messages one is looked into, if it came in one piece. */
const SAMPLE = 97;

/**
 * Counts messages of any length in a server's stream, compressed or not. Where each can be inflated for itself, contents are
 * looked at on a sample.
 */
export class DocumentCounter implements Counter {
  received = 0;
  /** Of all that came since {@link expect}, headers included. */
  bytes = 0;
  /** Whether the server compresses each message for itself. */
  alone = true;
  readonly #control: ControlFrames;
  readonly #pingLength: number;
  #welcomes: number;
  #expected: readonly Buffer[] = [];
  /** The beginning of a header that is not whole. */
  #head = Buffer.alloc(0);
  /** Of a frame whose end has not come: bytes that are missing, and whether it is a message. */
  #missing = 0;

  constructor(dialect: Dialect, control: ControlFrames) {
    this.#control = control;
    this.#pingLength = dialect.pingLength;
    this.#welcomes = dialect.welcomes;
  }

  get welcomed(): boolean {
    return this.#welcomes === 0;
  }

  expect(payloads: readonly Buffer[]): void {
    this.#expected = payloads;
    this.received = 0;
    this.bytes = 0;
  }

  /** Takes in a piece of the stream. @returns how many messages it completed */
  push(bytes: Buffer, start: number, end: number): number {
    const before = this.received;
    this.bytes += end - start;
    const skipped = Math.min(this.#missing, end - start);
    this.#missing -= skipped;
    let piece = bytes.subarray(start + skipped, end);
    if (this.#head.length > 0) {
      piece = Buffer.concat([this.#head, piece]);
      this.#head = Buffer.alloc(0);
    }
    for (let at = 0; at < piece.length; ) {
      const header = headerLength(piece, at);
      if (piece.length - at < header) {
        this.#head = Buffer.from(piece.subarray(at));
        break;
      }
      const payload = at + header;
      const length =
        header === 2 ? piece[at + 1] : header === 4 ? piece.readUInt16BE(at + 2) : piece.readUInt32BE(at + 6);
      this.#frame(piece[at], length, piece.subarray(payload, payload + length));
      at = Math.min(payload + length, piece.length);
      this.#missing = Math.max(0, payload + length - piece.length);
    }
    return this.received - before;
  }

  /** @param payload as far as it has come */
  #frame(first: number, length: number, payload: Buffer): void {
    if (first === PING_FRAME && length === 0) {
      this.#control.ping();
    } else if ((first & OPCODE) !== TEXT || (first & FIN) === 0 || (first & RSV23) !== 0) {
      throw new Error(`the server sent a frame that begins with ${first}; expected messages`);
    } else if (this.#welcomes > 0) {
      this.#welcomes--;
    } else if (length === this.#pingLength && length > 0) {
      this.#control.aliveAsked();
    } else {
      if (this.received % SAMPLE === 0 && payload.length === length) this.#look(first, payload);
      this.received++;
    }
  }

  #look(first: number, payload: Buffer): void {
    const expected = this.#expected[this.received % this.#expected.length];
    const compressed = (first & RSV1) !== 0;
    if (expected === undefined || (compressed && !this.alone)) return;
    const message = compressed
      ? inflateRawSync(Buffer.concat([payload, ENDING]), { finishFlush: constants.Z_SYNC_FLUSH })
      : payload;
    if (!message.equals(expected)) throw new Error(`message ${this.received} is not the one that was sent`);
  }
}

/** 10 where its second byte has not come yet. */
function headerLength(bytes: Buffer, at: number): number {
  const length = bytes[at + 1];
  return length < 126 ? 2 : length === 126 ? 4 : 10;
}
