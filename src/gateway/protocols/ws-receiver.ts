import { isUtf8 } from 'node:buffer';
import { InputBuffer } from './input-buffer.js';
import { isCloseCode } from '../../wire/close-code.js';
import { CloseCode, FIN, Opcode, RSV1, WHOLE_BINARY, WHOLE_TEXT } from './ws-frame.js';
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
import { type Inflated, Inflation, inflateShort } from './ws-inflate.js';
import { unmask } from './ws-mask.js';

/** Whom a receiver reports to. The bytes are views, and overwritten by nobody. */
export interface WsReader {
  /** Whether compression was agreed on. */
  readonly inflates: boolean;
  onMessage(data: Buffer, binary: boolean): void;
  onPing(data: Buffer): void;
  onPong(): void;
  /** The client's close frame, 1005 standing for none given: the last thing that is reported. */
  onClose(code: number, reason: Buffer): void;
  /** What the websocket protocol forbids, and the code to close with: the last thing that is reported. */
  onForbidden(code: number, problem: string): void;
  /** Another thread inflates a long message, before which nothing else is reported: nothing more should be received. */
  onInflating(): void;
  /** That is done, and the reader is not paused. */
  onInflated(): void;
  /** After a {@link WsReceiver.finish} that had to wait: all is reported. */
  onFinished(): void;
}

/**
 * A message that comes in fragments. Their bytes are gathered, so that there may be any number of them: each costs no more
 * memory than it has bytes, and all of them together have as many as a message may have.
 */
class Fragments {
  readonly binary: boolean;
  readonly compressed: boolean;
  readonly bytes = new InputBuffer();

  /** @param first byte of the first frame */
  constructor(first: number) {
    this.binary = isBinary(first);
    this.compressed = (first & RSV1) !== 0;
  }
}

function isBinary(first: number): boolean {
  return (first & OPCODE) === Opcode.BINARY;
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
 *
 * Reading and finishing wait for a long compressed message: its {@link Inflation}, which knows what comes next, is the
 * state meanwhile.
 */
export class WsReceiver {
  readonly #reader: WsReader;
  readonly #maxPackageSize: number;
  #state: 'reading' | 'paused' | 'finishing' | 'stopped' | Inflation = 'reading';
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

  /** Whether another thread inflates a message. */
  get inflating(): boolean {
    return this.#state instanceof Inflation;
  }

  pause(): void {
    if (this.#state === 'reading') this.#state = 'paused';
    else if (this.#state instanceof Inflation && this.#state.next === 'reading') this.#state.next = 'paused';
  }

  /** What waits is reported soon, not within this call, and before anything that is received after it. */
  resume(): void {
    if (this.#state instanceof Inflation && this.#state.next === 'paused') this.#state.next = 'reading';
    if (this.#state !== 'paused') return;
    this.#state = 'reading';
    if (this.#rest !== undefined) process.nextTick(() => this.#readRest());
  }

  /**
   * Nothing more will come: what has is reported, whether paused or not.
   *
   * @returns whether that is done; if not, it waits for another thread, and `onFinished` follows
   */
  finish(): boolean {
    if (this.#stopped) return true;
    if (this.#state instanceof Inflation) {
      this.#state.next = 'finishing';
      return false;
    }
    this.#state = 'finishing';
    this.#readRest();
    if (this.inflating) return false;
    this.stop();
    return true;
  }

  /** Reports nothing any more, and lets go of what it has. */
  stop(): void {
    if (this.#state instanceof Inflation) this.#state.cancel();
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
        const problem = headerProblem(first, second, gathered !== undefined, this.#reader.inflates);
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

  /** Of a message in fragments, or a compressed one. */
  #gather(first: number, payload: Buffer): void {
    const last = (first & FIN) !== 0;
    if (last && this.#fragments === undefined) {
      this.#inflate(payload, isBinary(first));
      return;
    }
    this.#fragments ??= new Fragments(first);
    const { bytes, binary, compressed } = this.#fragments;
    bytes.append(bytes.length === 0 ? Buffer.from(payload) : payload);
    if (!last) return;
    this.#fragments = undefined;
    const whole = bytes.take(bytes.length);
    if (compressed) this.#inflate(whole, binary);
    else this.#report(whole, binary, false);
  }

  #inflate(compressed: Buffer, binary: boolean): void {
    const inflated = inflateShort(compressed, this.#maxPackageSize);
    if (inflated !== undefined) {
      this.#reportInflated(inflated, compressed.length, binary);
      return;
    }
    const next = this.#state === 'finishing' ? 'finishing' : 'reading';
    const inflation = new Inflation(compressed, binary, this.#maxPackageSize, next);
    this.#state = inflation;
    this.#reader.onInflating();
    inflation.start((result) => this.#inflated(inflation, result));
  }

  /** Another thread has inflated a message. */
  #inflated({ length, binary, next }: Inflation, inflated: Inflated): void {
    this.#state = next;
    this.#reportInflated(inflated, length, binary);
    this.#readRest();
    if (this.#state === 'reading') {
      this.#reader.onInflated();
    } else if (next === 'finishing' && !this.inflating) {
      this.stop();
      this.#reader.onFinished();
    }
  }

  /** @param length of what was inflated */
  #reportInflated(inflated: Inflated, length: number, binary: boolean): void {
    if (inflated === 'too long') {
      const problem = `A compressed message of ${length} bytes that become more than ${this.#maxPackageSize}, the largest size (maxPackageSize).`;
      this.#refuse(CloseCode.TOO_LONG, problem);
    } else if (inflated === 'corrupt') {
      this.#refuse(
        CloseCode.INVALID_DATA,
        `A compressed message of ${length} bytes that cannot be inflated.`,
      );
    } else {
      this.#report(inflated, binary, false);
    }
  }

  /** @param ascii known to be ASCII, which is always valid UTF-8 */
  #report(message: Buffer, binary: boolean, ascii: boolean): void {
    if (binary || ascii || isUtf8(message)) this.#reader.onMessage(message, binary);
    else this.#refuse(CloseCode.INVALID_DATA, 'A text message that is not valid UTF-8.');
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
      this.#refuse(CloseCode.INVALID_DATA, 'A close frame whose reason is not valid UTF-8.');
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
