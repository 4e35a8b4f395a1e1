import { GatewayError } from '../base/errors.js';

/*
 * What nodes publish for nodes, big-endian:
 *
 *    0         1      2          8        12       16      18     20      22         23
 *   +---------+------+----------+--------+--------+-------+------+-------+----------+------+------+
 *   | version | kind | instance | stream | first  | count | part | parts | cell_len | cell | body |
 *   +---------+------+----------+--------+--------+-------+------+-------+----------+------+------+
 *    u8        u8     u48        u32      u32      u16     u16    u16     u8
 *
 * Each publisher numbers the frames of each stream, from 0 on; `first` is the number of the first one here, or of the next one
 * where there is none. A stream is a bucket, or one of Stream.
 */

export const Kind = {
  /** Body: frames, one behind the other. */
  FRAMES: 0,
  /** Body: a piece of one frame that is longer than the server's limit. */
  PART: 1,
  /** Nothing follows for now. Body: the number that the frames of the last seconds began with, and so many milliseconds ago. */
  MARK: 2,
  /** Body: a number. The other node answers when it has subscribed to what the frames before this one made it subscribe to. */
  ASK: 3,
  /** Body: that number. */
  ANSWER: 4,
  /** Body: JSON, see hello.ts. */
  HELLO: 5,
} as const;

/** Above all buckets. */
export const StreamId = {
  EVERY_NODE: 0x8000_0000,
  ONE_NODE: 0x8000_0001,
  /** Not numbered. */
  HELLO: 0x8000_0002,
} as const;

export const VERSION = 1;
const FIXED = 23;
/** Bytes of a mark's body. */
export const MARK_LENGTH = 8;

/** Where the fields lie that are filled in last. */
const COUNT = 16;

/** The body of an ASK, and of its ANSWER. */
export function numberBody(number: number): Buffer {
  const body = Buffer.allocUnsafe(4);
  body.writeUInt32BE(number);
  return body;
}

/** Writes the headers of one publisher. */
export class HeaderWriter {
  /** Bytes of each header. */
  readonly length: number;
  readonly #template: Buffer;

  /** @param instance 48 bits */
  constructor(instance: number, cell: string) {
    const name = Buffer.from(cell);
    this.#template = Buffer.alloc(FIXED + name.length);
    this.#template[0] = VERSION;
    this.#template.writeUIntBE(instance, 2, 6);
    this.#template[22] = name.length;
    name.copy(this.#template, FIXED);
    this.length = this.#template.length;
  }

  /** At the beginning of `target`, with a count of 0. */
  write(target: Buffer, kind: number, stream: number, first: number, part = 0, parts = 0): void {
    this.#template.copy(target);
    target[1] = kind;
    target.writeUInt32BE(stream, 8);
    target.writeUInt32BE(first, 12);
    target.writeUInt16BE(part, 18);
    target.writeUInt16BE(parts, 20);
  }

  setCount(target: Buffer, count: number): void {
    target.writeUInt16BE(count, COUNT);
  }
}

/** A header as it arrives, used again for the next one. */
export class ReceivedHeader {
  kind = 0;
  instance = 0;
  stream = 0;
  first = 0;
  count = 0;
  part = 0;
  parts = 0;
  bodyStart = 0;
  #cellEnd = FIXED;
  #bytes: Buffer = Buffer.alloc(0);

  /** @throws GW_FRAME when it is none, or of another version */
  read(bytes: Buffer): void {
    if (bytes.length < FIXED || bytes[0] !== VERSION || FIXED + bytes[22] > bytes.length)
      throw noHeader(bytes);
    this.#bytes = bytes;
    this.kind = bytes[1];
    this.instance = bytes.readUIntBE(2, 6);
    this.stream = bytes.readUInt32BE(8);
    this.first = bytes.readUInt32BE(12);
    this.count = bytes.readUInt16BE(COUNT);
    this.part = bytes.readUInt16BE(18);
    this.parts = bytes.readUInt16BE(20);
    this.#cellEnd = FIXED + bytes[22];
    this.bodyStart = this.#cellEnd;
  }

  get cell(): string {
    return this.#bytes.toString('utf8', FIXED, this.#cellEnd);
  }

  get body(): Buffer {
    return this.#bytes.subarray(this.bodyStart);
  }

  /** @param name of a cell, UTF-8 */
  isOf(name: Buffer): boolean {
    return (
      this.#cellEnd - FIXED === name.length &&
      name.compare(this.#bytes, FIXED, this.#cellEnd, 0, name.length) === 0
    );
  }
}

function noHeader(bytes: Buffer): GatewayError {
  const found = bytes.length > 0 && bytes[0] !== VERSION ? `begins with ${bytes[0]}` : 'is cut off';
  return new GatewayError(
    'GW_FRAME',
    `A message of ${bytes.length} bytes came over the backbone that ${found}; expected one of a node with version ${VERSION} of the backbone. Either another program publishes there, or a node is of another version.`,
  );
}
