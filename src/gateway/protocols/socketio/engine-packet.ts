import { Buffer } from 'node:buffer';
import { Opcode, WHOLE_TEXT, frame } from '../ws-frame.js';

/*
 * Packets of Engine.IO 4. On a websocket each is a message of its own: what is text begins with the digit of its type, and
 * what is binary is a message, without any. A body of HTTP holds several, with 1E between, and binary ones as `b` and base64:
 *
 *     4hello 1E 4world 1E bAQIDBA==
 */

/** First characters of packets. */
export const PacketType = {
  CLOSE: 0x31,
  PONG: 0x33,
  MESSAGE: 0x34,
  UPGRADE: 0x35,
  NOOP: 0x36,
} as const;

/** What parts the packets of a body. */
export const SEPARATOR = 0x1e;
/** What a binary packet of a body begins with. */
export const BASE64 = 0x62;

const OPCODE = 0x0f;

/** A packet that is text, as a websocket's frame. */
export function textFrame(packet: string): Buffer {
  return frame(WHOLE_TEXT, Buffer.from(packet));
}

export const PING_PACKET = textFrame('2');

/** Bodies of HTTP. */
export const CLOSE_BODY = Buffer.from('1');
export const NOOP_BODY = Buffer.from('6');

/**
 * What waits for a client as a websocket's frames, which is the form that all of it has until it is known how it goes out,
 * as the body of an HTTP response.
 *
 * @param chunks whole frames, none of them compressed
 */
export function bodyOf(chunks: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [];
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const binary = (chunk[at] & OPCODE) === Opcode.BINARY;
      const { start, end } = payloadAt(chunk, at);
      if (parts.length > 0) parts.push(SEPARATOR_BYTES);
      const payload = chunk.subarray(start, end);
      parts.push(binary ? Buffer.from(`b${payload.toString('base64')}`) : payload);
      at = end;
    }
  }
  return Buffer.concat(parts);
}

const SEPARATOR_BYTES = Buffer.from([SEPARATOR]);

/** Where the payload of a server's frame lies, as ws-frame.ts draws it. */
function payloadAt(bytes: Buffer, at: number): { start: number; end: number } {
  const short = bytes[at + 1];
  if (short < 126) return { start: at + 2, end: at + 2 + short };
  if (short === 126) return { start: at + 4, end: at + 4 + bytes.readUInt16BE(at + 2) };
  const length = bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
  return { start: at + 10, end: at + 10 + length };
}
