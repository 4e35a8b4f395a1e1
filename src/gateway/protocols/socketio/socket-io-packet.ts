import { Buffer } from 'node:buffer';
import { MOST_ATTACHMENTS } from '../../../wire/named-bytes.js';
import { endOfString } from '../../../wire/named-message.js';

/*
 * Packets of Socket.IO 5 (the protocol of its versions 3 and 4), each in a message of Engine.IO:
 *
 *     <type>[<number of attachments>-][<namespace>,][<id>][JSON]
 *
 *     0/admin,{"token":"x"}                          a client asks for a namespace
 *     2["say","hello"]                               an event
 *     27["join",{"room":"a"}]                        one that wants an answer, with the id 7
 *     37[{"people":3}]                               that answer
 *     51-["file",{"_placeholder":true,"num":0}]      an event with one attachment, which is the binary message behind it
 *
 * Only what stands before the JSON is read here, and of that of an event its name.
 */

export const SocketIoType = {
  CONNECT: 0,
  DISCONNECT: 1,
  EVENT: 2,
  ACK: 3,
  CONNECT_ERROR: 4,
  BINARY_EVENT: 5,
  BINARY_ACK: 6,
} as const;

/** Bytes that the name of a namespace may have. */
const LONGEST_NAMESPACE = 256;

const SPACE = 0x20;
const COMMA = 0x2c;
const DASH = 0x2d;
const SLASH = 0x2f;
const ZERO = 0x30;
const NINE = 0x39;
const QUESTION_MARK = 0x3f;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

/** The main namespace. */
export const MAIN = '/';

/** Reads one packet after the other: what it has found is there until the next. */
export class PacketReader {
  /** One of {@link SocketIoType}. */
  type = 0;
  attachments = 0;
  namespace = MAIN;
  /** -1 for none. */
  id = -1;
  /** Where the JSON begins. */
  start = 0;

  /** @returns whether it is a packet that clients send */
  read(bytes: Buffer): boolean {
    const type = bytes[0] - ZERO;
    const binary = type === SocketIoType.BINARY_EVENT || type === SocketIoType.BINARY_ACK;
    if (!(type >= 0 && type <= SocketIoType.BINARY_ACK) || type === SocketIoType.CONNECT_ERROR) return false;
    this.type = type;
    this.attachments = 0;
    let at = 1;
    if (binary) {
      at = endOfDigits(bytes, at);
      if (at === 1 || at > 8 || bytes[at] !== DASH) return false;
      this.attachments = numberAt(bytes, 1, at);
      if (this.attachments > MOST_ATTACHMENTS) return false;
      at++;
    }
    this.namespace = MAIN;
    if (bytes[at] === SLASH) {
      const comma = bytes.indexOf(COMMA, at);
      const end = comma < 0 ? bytes.length : comma;
      if (end - at > LONGEST_NAMESPACE) return false;
      const mark = bytes.subarray(at, end).indexOf(QUESTION_MARK);
      if (end - at > 1) this.namespace = bytes.toString('utf8', at, mark < 0 ? end : at + mark);
      at = comma < 0 ? end : end + 1;
    }
    this.id = -1;
    const end = endOfDigits(bytes, at);
    if (end > at) {
      this.id = numberAt(bytes, at, end);
      if (!Number.isSafeInteger(this.id)) return false;
    }
    this.start = end;
    return this.#fits(bytes);
  }

  /** Whether the JSON is what a packet of this type has, as far as its ends tell. */
  #fits(bytes: Buffer): boolean {
    const { type, id, start } = this;
    const empty = start === bytes.length;
    switch (type) {
      case SocketIoType.CONNECT:
        return empty ? id < 0 : bytes[start] === OPEN && bytes[bytes.length - 1] === CLOSE;
      case SocketIoType.DISCONNECT:
        return empty;
      default:
        if (bytes[start] !== OPEN_LIST || bytes[bytes.length - 1] !== CLOSE_LIST) return false;
        return type === SocketIoType.ACK || type === SocketIoType.BINARY_ACK ? id >= 0 : true;
    }
  }

  /**
   * The packet as a named message (wire/named-message.ts).
   *
   * @param bytes as they have been read
   * @returns undefined for an event without a name
   */
  named(bytes: Buffer): Buffer | undefined {
    const { type, id, start } = this;
    if (type === SocketIoType.ACK || type === SocketIoType.BINARY_ACK) {
      return join(`{"id":${id},"args":`, bytes.subarray(start), '', EMPTY, '}');
    }
    const nameStart = afterSpaces(bytes, start + 1);
    let nameEnd = endOfString(bytes, nameStart);
    let name = bytes.subarray(nameStart, nameEnd);
    if (nameEnd === nameStart) {
      // an event may be named by a number
      nameEnd = endOfDigits(bytes, nameStart);
      if (nameEnd === nameStart) return undefined;
      name = Buffer.from(`"${bytes.toString('latin1', nameStart, nameEnd)}"`);
    }
    const head = id < 0 ? EVENT : `{"id":${id},"event":`;
    const next = afterSpaces(bytes, nameEnd);
    if (bytes[next] === COMMA) return join(head, name, ARGUMENTS, bytes.subarray(next + 1), '}');
    return next === bytes.length - 1 ? join(head, name, '', EMPTY, '}') : undefined;
  }
}

const OPEN = 0x7b;
const CLOSE = 0x7d;
const EVENT = '{"event":';
const ARGUMENTS = ',"args":[';
const EMPTY = Buffer.alloc(0);

/** @param head ASCII, as `between` and `tail` are */
function join(head: string, first: Buffer, between: string, second: Buffer, tail: string): Buffer {
  const length = head.length + first.length + between.length + second.length + tail.length;
  const bytes = Buffer.allocUnsafe(length);
  let at = bytes.write(head, 0, 'latin1');
  bytes.set(first, at);
  at += first.length;
  at += bytes.write(between, at, 'latin1');
  bytes.set(second, at);
  bytes.write(tail, at + second.length, 'latin1');
  return bytes;
}

function endOfDigits(bytes: Buffer, start: number): number {
  let at = start;
  while (bytes[at] >= ZERO && bytes[at] <= NINE) at++;
  return at;
}

function numberAt(bytes: Buffer, start: number, end: number): number {
  return Number(bytes.toString('latin1', start, end));
}

function afterSpaces(bytes: Buffer, start: number): number {
  let at = start;
  while (bytes[at] <= SPACE) at++;
  return at;
}
