/*
 * What clients send and servers answer: text of MESSAGE_LENGTH characters, whose first one says what the server is to do.
 *
 *   e…  send it back           a…  send it to all clients           s…  sign in: keep the name, and send it back
 *
 * Each message names its client and its place in the client's rotation, so that a receiver knows what must come next.
 */

export const MESSAGE_LENGTH = 64;
/** A client's messages, before the first one comes again: more than are ever in flight for one client of an echo. */
export const ROTATION = 64;

export type MessageKind = 'e' | 'a' | 's';

/** Bytes of a frame from a client (mask included) and of one from a server. */
export const REQUEST_LENGTH = MESSAGE_LENGTH + 6;
export const REPLY_LENGTH = MESSAGE_LENGTH + 2;

const TEXT_FRAME = 0x81;
const MASKED = 0x80;
/** Not all zero: `ws` leaves out the unmasking for a mask of zeros. */
export const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

export function messageBytes(kind: MessageKind, client: number, sequence: number): Buffer {
  return Buffer.from(`${kind} client ${client} message ${sequence} `.padEnd(MESSAGE_LENGTH, 'lorem ipsum '));
}

/** A text frame as a client sends it. */
export function requestFrame(message: Buffer): Buffer {
  const masked = message.map((byte, index) => byte ^ MASK[index % 4]);
  return Buffer.concat([Buffer.from([TEXT_FRAME, MASKED | message.length]), MASK, masked]);
}

/** The same as a server sends it. */
export function replyFrame(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from([TEXT_FRAME, message.length]), message]);
}

/** A row of frames of one length that repeats, so that any few in a row are one slice. */
export class FrameRow {
  readonly bytes: Buffer;
  readonly #frameLength: number;
  readonly #count: number;

  constructor(frames: readonly Buffer[]) {
    this.#frameLength = frames[0].length;
    this.#count = frames.length;
    this.bytes = Buffer.concat([...frames, ...frames]);
  }

  /** Where the frame with this number begins. */
  at(sequence: number): number {
    return (sequence % this.#count) * this.#frameLength;
  }

  /** `count` frames from this number on, at most as many as there are. */
  slice(sequence: number, count: number): Buffer {
    const start = this.at(sequence);
    return this.bytes.subarray(start, start + count * this.#frameLength);
  }
}

/**
 * Everything that one client sends, or that comes back for it.
 *
 * @param length of the row: a multiple of ROTATION
 */
export function frameRow(
  kind: MessageKind,
  client: number,
  frame: typeof requestFrame | typeof replyFrame,
  length = ROTATION,
): FrameRow {
  return new FrameRow(
    Array.from({ length }, (_, place) => frame(messageBytes(kind, client, place % ROTATION))),
  );
}
