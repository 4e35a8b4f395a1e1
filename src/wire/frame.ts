import { Buffer } from 'node:buffer';
import { GatewayError } from '../base/errors.js';

/*
 * A frame on the inner links, big-endian, as GatewayWorker 4.0 writes it:
 *
 *    0      4    5         9          11         15          17             21    22           24       28
 *   +------+----+---------+----------+----------+-----------+--------------+-----+------------+--------+-----+------+
 *   | len  |cmd |local_ip |local_port|client_ip |client_port|connection_id |flag |gateway_port|ext_len | ext | body |
 *   +------+----+---------+----------+----------+-----------+--------------+-----+------------+--------+-----+------+
 *    u32    u8   u32       u16        u32        u16         u32            u8    u16          u32
 *
 * len counts the whole frame. In a frame with Flag.REQUEST, and in a REPLY, client_ip holds the request id: no command
 * that a worker sends has a use for that field.
 */

export const HEADER_LENGTH = 28;

/** Bytes of the longest package that GatewayWorker takes on an inner link. */
export const MAX_INNER_PACKAGE = 10 * 1024 * 1024;

/** Bytes of the longest frame, or answer to a query, that one of ours takes from a gateway: what one with a million sessions says. */
export const MAX_FRAME_LENGTH = 2 ** 28;

/** A frame to send. Strings are written as UTF-8. Senders may reuse one object: `send` copies what it needs. */
export interface Frame {
  command: number;
  /** The gateway's inner address, as an IPv4 number; 0 with port 0 means every gateway, and with port 1 those of other cells. */
  localIp: number;
  localPort: number;
  /** The client's IPv4 address as a number; the request id in queries and replies. */
  clientIp: number;
  clientPort: number;
  connectionId: number;
  flags: number;
  /** The port the client came in by. */
  gatewayPort: number;
  ext: string | Uint8Array;
  body: string | Uint8Array;
}

const EMPTY = Buffer.alloc(0);

/** A frame with every field zero or empty, to be filled in and reused. */
export function emptyFrame(): Frame {
  return {
    command: 0,
    localIp: 0,
    localPort: 0,
    clientIp: 0,
    clientPort: 0,
    connectionId: 0,
    flags: 0,
    gatewayPort: 0,
    ext: EMPTY,
    body: EMPTY,
  };
}

/**
 * A frame as it arrives: a window on the bytes it came in. Those are valid only during the call that hands it over, and the
 * object is used again for the next frame: copy what is kept.
 */
export class ReceivedFrame implements Frame {
  command = 0;
  localIp = 0;
  localPort = 0;
  clientIp = 0;
  clientPort = 0;
  connectionId = 0;
  flags = 0;
  gatewayPort = 0;
  bytes: Buffer = EMPTY;
  extStart = 0;
  bodyStart = 0;
  bodyEnd = 0;

  /** A view. */
  get ext(): Buffer {
    return this.extStart === this.bodyStart ? EMPTY : this.bytes.subarray(this.extStart, this.bodyStart);
  }

  /** A view. */
  get body(): Buffer {
    return this.bodyStart === this.bodyEnd ? EMPTY : this.bytes.subarray(this.bodyStart, this.bodyEnd);
  }

  /** ext_data as UTF-8 text. */
  extText(): string {
    return this.extStart === this.bodyStart ? '' : this.bytes.toString('utf8', this.extStart, this.bodyStart);
  }

  /** The body as UTF-8 text. */
  bodyText(): string {
    return this.bodyStart === this.bodyEnd ? '' : this.bytes.toString('utf8', this.bodyStart, this.bodyEnd);
  }

  /** Bytes of the whole frame. */
  get length(): number {
    return this.bodyEnd - this.extStart + HEADER_LENGTH;
  }

  /** The whole frame as bytes that stay. */
  copy(): Buffer {
    return Buffer.from(this.bytes.subarray(this.extStart - HEADER_LENGTH, this.bodyEnd));
  }

  /** Copies the whole frame into `target` at `offset`. */
  copyTo(target: Buffer, offset: number): void {
    this.bytes.copy(target, offset, this.extStart - HEADER_LENGTH, this.bodyEnd);
  }
}

/** Bytes that a string or byte array takes on the wire. */
export function byteLength(data: string | Uint8Array): number {
  return typeof data === 'string' ? Buffer.byteLength(data) : data.length;
}

/** Bytes of the whole frame. */
export function frameLength(frame: Frame): number {
  return HEADER_LENGTH + byteLength(frame.ext) + byteLength(frame.body);
}

/** Writes a frame of `length` bytes (its {@link frameLength}) into `target` at `offset`. */
export function writeFrame(target: Buffer, offset: number, frame: Frame, length: number): void {
  const extLength = byteLength(frame.ext);
  writeUint32(target, offset, length);
  target[offset + 4] = frame.command;
  writeUint32(target, offset + 5, frame.localIp);
  target[offset + 9] = frame.localPort >>> 8;
  target[offset + 10] = frame.localPort;
  writeUint32(target, offset + 11, frame.clientIp);
  target[offset + 15] = frame.clientPort >>> 8;
  target[offset + 16] = frame.clientPort;
  writeUint32(target, offset + 17, frame.connectionId);
  target[offset + 21] = frame.flags;
  target[offset + 22] = frame.gatewayPort >>> 8;
  target[offset + 23] = frame.gatewayPort;
  writeUint32(target, offset + 24, extLength);
  writeBytes(target, offset + HEADER_LENGTH, frame.ext, extLength);
  writeBytes(target, offset + HEADER_LENGTH + extLength, frame.body, length - HEADER_LENGTH - extLength);
}

/** The frame as bytes of its own. */
export function encodeFrame(frame: Frame): Buffer {
  const length = frameLength(frame);
  const bytes = Buffer.allocUnsafe(length);
  writeFrame(bytes, 0, frame, length);
  return bytes;
}

/**
 * Reads the frame that fills `bytes` from `offset` for `length` bytes into `into`, a fresh one by default.
 *
 * @throws GW_FRAME when the lengths inside do not add up
 */
export function decodeFrame(
  bytes: Buffer,
  into: ReceivedFrame = new ReceivedFrame(),
  offset = 0,
  length = bytes.length - offset,
): ReceivedFrame {
  if (length < HEADER_LENGTH || readUint32(bytes, offset) !== length)
    throw wrongLength(bytes, offset, length);
  const extLength = readUint32(bytes, offset + 24);
  if (extLength > length - HEADER_LENGTH) throw wrongExtLength(extLength, length);
  into.command = bytes[offset + 4];
  into.localIp = readUint32(bytes, offset + 5);
  into.localPort = (bytes[offset + 9] << 8) | bytes[offset + 10];
  into.clientIp = readUint32(bytes, offset + 11);
  into.clientPort = (bytes[offset + 15] << 8) | bytes[offset + 16];
  into.connectionId = readUint32(bytes, offset + 17);
  into.flags = bytes[offset + 21];
  into.gatewayPort = (bytes[offset + 22] << 8) | bytes[offset + 23];
  into.bytes = bytes;
  into.extStart = offset + HEADER_LENGTH;
  into.bodyStart = into.extStart + extLength;
  into.bodyEnd = offset + length;
  return into;
}

// Errors apart: with them inside, decodeFrame is too long for the compiler to inline, and takes nearly twice the time.

function wrongLength(bytes: Buffer, offset: number, length: number): GatewayError {
  const found = length < HEADER_LENGTH ? 'is cut off' : `says ${readUint32(bytes, offset)}`;
  return new GatewayError(
    'GW_FRAME',
    `A frame of ${length} bytes was found whose header ${found}; expected a length of at least ${HEADER_LENGTH} that fits.`,
  );
}

function wrongExtLength(extLength: number, length: number): GatewayError {
  return new GatewayError(
    'GW_FRAME',
    `A frame of ${length} bytes claims ${extLength} bytes of ext_data; there is room for ${length - HEADER_LENGTH}.`,
  );
}

function writeUint32(target: Buffer, offset: number, value: number): void {
  target[offset] = value >>> 24;
  target[offset + 1] = value >>> 16;
  target[offset + 2] = value >>> 8;
  target[offset + 3] = value;
}

function readUint32(bytes: Buffer, offset: number): number {
  return (
    ((bytes[offset] << 24) | (bytes[offset + 1] << 16) | (bytes[offset + 2] << 8) | bytes[offset + 3]) >>> 0
  );
}

function writeBytes(target: Buffer, offset: number, data: string | Uint8Array, length: number): void {
  if (length === 0) return;
  if (typeof data !== 'string') target.set(data, offset);
  // as many bytes as characters: ASCII only, for which latin1 writes the same bytes faster
  else if (data.length === length) target.write(data, offset, length, 'latin1');
  else target.write(data, offset, length, 'utf8');
}
