import type { ClientProtocol } from './protocol.js';

/*
 * A server's frame (RFC 6455, 5.2): whole messages only, never masked.
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
const FIN = 0x80;
const TEXT = 0x1;
const BINARY = 0x2;
const PING = 0x9;

/** A ping without a payload. */
export const PING_FRAME = Buffer.from([FIN | PING, 0]);

function encode(message: Buffer, binary: boolean): Buffer {
  const { length } = message;
  const headerLength = length < 126 ? 2 : length <= 0xffff ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerLength + length);
  frame[0] = FIN | (binary ? BINARY : TEXT);
  if (headerLength === 2) frame[1] = length;
  else if (headerLength === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    frame.writeUInt32BE(length % 2 ** 32, 6);
  }
  frame.set(message, headerLength);
  return frame;
}

export const wsProtocol: ClientProtocol = { name: 'ws', sharedEncoding: true, encode };
