import { Buffer } from 'node:buffer';
import type { ClientProtocol } from './protocol.js';

/*
 * A server's frame (RFC 6455, 5.2): whole messages only, never masked. The first byte is C0 + op where the message is
 * compressed (RFC 7692, 6).
 *
 *     0       1       2          4                   10
 *     ┌───────┬───────┬─────────┬
 *     │ 80+op │ 0–125 │ message …
 *     ├───────┼───────┼──────────┬
 *     │ 80+op │  126  │ length16 │ message …
 *     ├───────┼───────┼──────────┴───────────────────┬
 *     │ 80+op │  127  │           length64           │ message …
 *     └───────┴───────┴──────────────────────────────┴
 */

/** Of a frame's first byte: no more fragments follow. */
export const FIN = 0x80;
/** Of the first byte of a message: it is compressed. */
export const RSV1 = 0x40;

export const Opcode = {
  CONTINUATION: 0x0,
  TEXT: 0x1,
  BINARY: 0x2,
  CLOSE: 0x8,
  PING: 0x9,
  PONG: 0xa,
} as const;

/** First bytes of a message in one frame. */
export const WHOLE_TEXT = FIN | Opcode.TEXT;
export const WHOLE_BINARY = FIN | Opcode.BINARY;

/** The codes that this end closes with on its own, and the one that stands for none (RFC 6455, 7.4.1). */
export const CloseCode = {
  NORMAL: 1000,
  PROTOCOL_ERROR: 1002,
  NONE: 1005,
  ABNORMAL: 1006,
  INVALID_DATA: 1007,
  TOO_LONG: 1009,
  TRY_AGAIN_LATER: 1013,
} as const;

/** A ping without a payload. */
export const PING_FRAME = Buffer.from([FIN | Opcode.PING, 0]);

/** @param payload at most 125 bytes, as those of a ping are */
export function pongFrame(payload: Buffer): Buffer {
  return frame(FIN | Opcode.PONG, payload);
}

/** @param code {@link CloseCode.NONE} for a frame without one; @param reason at most 123 bytes */
export function closeFrame(code: number, reason: string | Buffer = ''): Buffer {
  if (code === CloseCode.NONE) return Buffer.from([FIN | Opcode.CLOSE, 0]);
  return frame(
    FIN | Opcode.CLOSE,
    Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]),
  );
}

/** What a close frame of ours says. @param bytes empty where there is none */
export function readCloseFrame(bytes: Buffer): { readonly code: number; readonly reason: string } {
  if (bytes.length === 0) return NO_CLOSE_FRAME;
  return bytes.length === 2 ? NO_CODE : { code: bytes.readUInt16BE(2), reason: bytes.toString('utf8', 4) };
}

const NO_CLOSE_FRAME = { code: CloseCode.ABNORMAL, reason: '' };
const NO_CODE = { code: CloseCode.NONE, reason: '' };

function encode(message: Buffer, binary: boolean): Buffer {
  return frame(binary ? WHOLE_BINARY : WHOLE_TEXT, message);
}

/** @param first byte */
export function frame(first: number, payload: Buffer): Buffer {
  const { length } = payload;
  const headerLength = length < 126 ? 2 : length <= 0xffff ? 4 : 10;
  const bytes = Buffer.allocUnsafe(headerLength + length);
  bytes[0] = first;
  if (headerLength === 2) bytes[1] = length;
  else if (headerLength === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    bytes.writeUInt32BE(length % 2 ** 32, 6);
  }
  bytes.set(payload, headerLength);
  return bytes;
}

/** What a client and its listener have agreed on. */
export interface WsProtocol extends ClientProtocol {
  /** Whether messages of the client's may be compressed. */
  readonly inflates: boolean;
  /** Whether a binary message of the client's may be one with a name, and bytes in its data. */
  readonly named: boolean;
}

export const wsProtocol: WsProtocol = {
  name: 'ws',
  sharedEncoding: true,
  inflates: false,
  named: false,
  encode,
};
