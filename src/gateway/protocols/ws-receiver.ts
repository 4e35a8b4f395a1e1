import { isUtf8 } from 'node:buffer';
import { InputBuffer } from './input-buffer.js';
import { CloseCode, FIN, Opcode, isCloseCode } from './ws-frame.js';
import { unmask } from './ws-mask.js';

/** Whom a receiver reports to. The bytes are views, and overwritten by nobody. */
export interface WsReader {
  onMessage(data: Buffer, binary: boolean): void;
  onPing(data: Buffer): void;
  onPong(): void;
  /** The client's close frame, 1005 standing for none given: the last thing that is reported. */
  onClose(code: number, reason: Buffer): void;
  /** What the websocket protocol forbids, and the code to close with: the last thing that is reported. */
  onForbidden(code: number, problem: string): void;
}

const RESERVED = 0x70;
const WHOLE_TEXT = FIN | Opcode.TEXT;
const WHOLE_BINARY = FIN | Opcode.BINARY;
const OPCODES: ReadonlySet<number> = new Set(Object.values(Opcode));
const OPCODE = 0x0f;
/** Opcodes from here on are control frames, which are short and never in fragments. */
const CONTROL = 0x8;
const MASKED = 0x80;
const LENGTH = 0x7f;
/** In place of a length: it follows in two bytes, or in eight. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MASK_BYTES = 4;
const LONGEST_CONTROL = 125;

/**
 * A message that comes in fragments. Their bytes are gathered, so that there may be any number of them: each costs no more
 * memory than it has bytes, and all of them together have as many as a message may have.
 */
class Fragments {
  readonly binary: boolean;
  readonly bytes = new InputBuffer();

  constructor(binary: boolean) {
    this.binary = binary;
  }
}

/**
 * Takes a client's frames out of its bytes (RFC 6455, 5.2).
 *
 *     0       1       2          4               6      8     10           14
 *     ┌───────┬───────┬──────────────┬ ─ ─ ─ ─ ─
 *     │ FR op │ 0–125 │     mask     │ payload …
 *     ├───────┼───────┼─────────┬────┴─────────┬ ─ ─ ─ ─ ─
 *     │ FR op │  126  │length16 │     mask     │ payload …
 *     ├───────┼───────┼─────────┴──────────────┴─────────┬────────────┬ ─ ─ ─
 *     │ FR op │  127  │             length64             │    mask    │ payload …
 *     └───────┴───────┴──────────────────────────────────┴────────────┴ ─ ─ ─
 *
 * Nearly always a chunk holds whole frames, which are unmasked and handed on where they lie. So there is no state within
 * a frame: one that is not complete waits as it came, and is looked at again from its beginning when more has come. A
 * client that is idle has none of this: both fields are empty.
 *
 *     reading ⇄ paused ──finish()──► finishing ──► stopped
 *         └──a close frame, what is forbidden, stop()──┘
 */
export class WsReceiver {
  readonly #reader: WsReader;
  readonly #maxPackageSize: number;
  #state: 'reading' | 'paused' | 'finishing' | 'stopped' = 'reading';
  /** What has come and could not be read yet: the beginning of a frame, or what came before a pause. */
  #rest: InputBuffer | undefined;
  #fragments: Fragments | undefined;

  constructor(reader: WsReader, maxPackageSize: number) {
    this.#reader = reader;
    this.#maxPackageSize = maxPackageSize;
  }

  /** @param chunk used during this call only; its bytes are changed */
  receive(chunk: Buffer): void {
    if (this.#state === 'stopped') return;
    if (this.#rest !== undefined) {
      this.#rest.append(chunk);
      this.#readRest();
      return;
    }
    const read = this.#read(chunk);
    if (read === chunk.length || this.#stopped) return;
    this.#rest = new InputBuffer();
    this.#rest.append(Buffer.from(chunk.subarray(read)));
  }

  pause(): void {
    if (this.#state === 'reading') this.#state = 'paused';
  }

  /** What waits is reported soon, not within this call, and before anything that is received after it. */
  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'reading';
    if (this.#rest !== undefined) process.nextTick(() => this.#readRest());
  }

  /** Nothing more will come: what has is reported, whether paused or not. */
  finish(): void {
    if (this.#stopped) return;
    this.#state = 'finishing';
    this.#readRest();
    this.stop();
  }

  /** Reports nothing any more, and lets go of what it has. */
  stop(): void {
    this.#state = 'stopped';
    this.#rest = undefined;
    this.#fragments = undefined;
  }

  get #stopped(): boolean {
    return this.#state === 'stopped';
  }

  #readRest(): void {
    const rest = this.#rest;
    if (rest === undefined) return;
    const read = this.#read(rest.view());
    if (this.#stopped) return;
    if (read === rest.length) this.#rest = undefined;
    else if (read > 0) rest.take(read);
  }

  /** Reports what `bytes` begins with, frame by frame. @returns how many bytes that was */
  #read(bytes: Buffer): number {
    const end = bytes.length;
    let at = 0;
    while ((this.#state === 'reading' || this.#state === 'finishing') && end - at >= 2) {
      const first = bytes[at];
      const second = bytes[at + 1];
      const gathered = this.#fragments?.bytes.length;
      // by far the most frequent: a message in one frame
      const whole = (first === WHOLE_TEXT || first === WHOLE_BINARY) && gathered === undefined;
      if (!whole || second < MASKED) {
        const problem = this.#problem(first, second);
        if (problem !== undefined) {
          this.#refuse(CloseCode.PROTOCOL_ERROR, problem);
          break;
        }
      }
      let length = second & LENGTH;
      let start = at + 2 + MASK_BYTES;
      if (length === LENGTH_16) {
        if (end - at < 4) break;
        length = bytes.readUInt16BE(at + 2);
        start += 2;
      } else if (length === LENGTH_64) {
        if (end - at < 10) break;
        length = bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
        start += 8;
      }
      // what a control frame may be long, its first two bytes have shown
      if ((first & OPCODE) < CONTROL && (gathered ?? 0) + length > this.#maxPackageSize) {
        const found = `A message of ${(gathered ?? 0) + length} bytes or more`;
        this.#refuse(
          CloseCode.TOO_LONG,
          `${found}: the largest size is ${this.#maxPackageSize} (maxPackageSize).`,
        );
        break;
      }
      const next = start + length;
      if (next > end) break;
      at = next;
      const ascii = unmask(bytes, start, next);
      const payload = bytes.subarray(start, next);
      if (whole) this.#report(payload, first === WHOLE_BINARY, ascii);
      else if ((first & OPCODE) >= CONTROL) this.#control(first & OPCODE, payload);
      else this.#gather(first, payload);
    }
    return at;
  }

  /** What is wrong with a frame that begins with these two bytes. */
  #problem(first: number, second: number): string | undefined {
    const opcode = first & OPCODE;
    const length = second & LENGTH;
    if ((first & RESERVED) !== 0) return 'A frame with RSV bits, whose meaning no extension gave.';
    if (!OPCODES.has(opcode)) return `A frame of opcode ${opcode}, which means nothing.`;
    if (opcode >= CONTROL) {
      if ((first & FIN) === 0) return `A fragment of opcode ${opcode}: FIN must be set in a control frame.`;
      if (length > LONGEST_CONTROL) return `A control frame of length ${length}: 125 is the longest allowed.`;
      if (opcode === Opcode.CLOSE && length === 1) return 'A close frame of length 1: a code has two bytes.';
    } else if (opcode === Opcode.CONTINUATION) {
      if (this.#fragments === undefined) return 'A frame of opcode 0 that continues no message.';
    } else if (this.#fragments !== undefined) {
      return `A frame of opcode ${opcode} within a message in fragments: expected opcode 0.`;
    }
    return second < MASKED ? 'A frame that is not masked: MASK must be set in a client’s frames.' : undefined;
  }

  #gather(first: number, payload: Buffer): void {
    this.#fragments ??= new Fragments((first & OPCODE) === Opcode.BINARY);
    const { bytes, binary } = this.#fragments;
    bytes.append(bytes.length === 0 ? Buffer.from(payload) : payload);
    if ((first & FIN) === 0) return;
    this.#fragments = undefined;
    this.#report(bytes.take(bytes.length), binary, false);
  }

  /** @param ascii known to be ASCII, which is always valid UTF-8 */
  #report(message: Buffer, binary: boolean, ascii: boolean): void {
    if (binary || ascii || isUtf8(message)) this.#reader.onMessage(message, binary);
    else this.#refuse(CloseCode.INVALID_TEXT, 'A text message that is not valid UTF-8.');
  }

  #control(opcode: number, payload: Buffer): void {
    if (opcode === Opcode.PING) this.#reader.onPing(payload);
    else if (opcode === Opcode.PONG) this.#reader.onPong();
    else this.#close(payload);
  }

  #close(payload: Buffer): void {
    const code = payload.length === 0 ? CloseCode.NONE : payload.readUInt16BE();
    const reason = payload.subarray(2);
    if (payload.length > 0 && !isCloseCode(code)) {
      this.#refuse(CloseCode.PROTOCOL_ERROR, `A close frame with code ${code}, which may not be sent.`);
    } else if (!isUtf8(reason)) {
      this.#refuse(CloseCode.INVALID_TEXT, 'A close frame whose reason is not valid UTF-8.');
    } else {
      this.stop();
      this.#reader.onClose(code, reason);
    }
  }

  #refuse(code: number, problem: string): void {
    this.stop();
    this.#reader.onForbidden(code, problem);
  }
}
