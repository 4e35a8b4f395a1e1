/*
 * What clients send and servers answer: text of MESSAGE_LENGTH characters, whose first one says what the server is to do.
 *
 *   s…                 sign in: keep the name in the session, where there are sessions; send it back
 *   b <uid> …          bind this client to the uid; send it back
 *   j <group> … .      join these groups, up to the full stop; send it back
 *   e…                 echo: send it back
 *   a…                 send it to all clients
 *   g <group> …        send it to the group
 *   u <uid> …          send it to the uid
 *
 * Each message names its sender and its place in the sender's rotation, so that a receiver knows what must come next.
 */

export const MESSAGE_LENGTH = 64;
/** A client's messages, before the first one comes again: more than are ever in flight for one client of an echo. */
export const ROTATION = 64;

/** What all of one client's messages in a rotation begin with: the kind, and to whom. */
export type Opening = 'e' | 'a' | `g ${number}` | `u ${number}` | 's' | `b ${number}` | `j ${string}`;

export function messageBytes(opening: Opening, client: number, sequence: number): Buffer {
  const text = `${opening} client ${client} message ${sequence} `.padEnd(MESSAGE_LENGTH, 'lorem ipsum ');
  if (text.length > MESSAGE_LENGTH) throw new Error(`"${text}" is longer than ${MESSAGE_LENGTH} characters`);
  return Buffer.from(text);
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

  /** How many frames there are before the first one comes again. */
  get count(): number {
    return this.#count;
  }

  /** Where the frame with this number begins. */
  at(sequence: number): number {
    return (sequence % this.#count) * this.#frameLength;
  }

  /** `count` frames from this number on, at most as many as there are. */
  slice(sequence: number, count: number): Buffer {
    if (count > this.#count)
      throw new Error(`${count} messages are to be sent at once; there are ${this.#count}`);
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
  opening: Opening,
  client: number,
  frame: (message: Buffer) => Buffer,
  length = ROTATION,
): FrameRow {
  return new FrameRow(
    Array.from({ length }, (_, place) => frame(messageBytes(opening, client, place % ROTATION))),
  );
}
