import { isUtf8 } from 'node:buffer';
import { InputBuffer } from './input-buffer.js';
import { isCloseCode } from '../../wire/close-code.js';
import { CloseCode, FIN, Opcode } from './ws-frame.js';
import {
  CONTROL,
  LENGTH,
  LENGTH_16,
  LENGTH_64,
  MASKED,
  MASK_BYTES,
  OPCODE,
  headerProblem,
} from './ws-client-header.js';
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

const WHOLE_TEXT = FIN | Opcode.TEXT;
const WHOLE_BINARY = FIN | Opcode.BINARY;

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
 * Takes a client's frames out of its bytes (RFC 6455, 5.2); ws-client-header.ts draws one.
 *
 * Nearly always a chunk has whole frames in it, which are unmasked and handed on where they lie. So there is no state within
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
        const problem = headerProblem(first, second, gathered !== undefined);
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
