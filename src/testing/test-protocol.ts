import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import type { ClientProtocol } from '../gateway/protocols/protocol.js';
import type { TestMessage } from './test-client.js';

/*
 * How messages lie in what the gateway writes to a test's client, several of them joined:
 *
 *   0                  16       17            21
 *   +------------------+--------+-------------+------------------+
 *   | MARK             | binary | length u32  | length bytes     |
 *   +------------------+--------+-------------+------------------+
 *
 * What stands between two of these was sent raw, by somebody who had encoded it for a protocol.
 */
const MARK = randomBytes(16);
const HEADER = MARK.length + 5;

/** Keeps strings apart from bytes, as a websocket does. */
export const testProtocol: ClientProtocol = {
  name: 'test',
  sharedEncoding: true,

  encode(message: Buffer, binary: boolean): Buffer {
    const bytes = Buffer.allocUnsafe(HEADER + message.length);
    MARK.copy(bytes);
    bytes[MARK.length] = binary ? 1 : 0;
    bytes.writeUInt32BE(message.length, MARK.length + 1);
    message.copy(bytes, HEADER);
    return bytes;
  },
};

/** The messages in one write of the gateway's, with copies of their bytes. */
export function readMessages(bytes: Buffer): TestMessage[] {
  const messages: TestMessage[] = [];
  for (let at = 0; at < bytes.length; ) {
    const mark = bytes.indexOf(MARK, at);
    if (mark !== at) {
      const end = mark < 0 ? bytes.length : mark;
      messages.push(Buffer.from(bytes.subarray(at, end)));
      at = end;
      continue;
    }
    const begin = at + HEADER;
    at = begin + bytes.readUInt32BE(begin - 4);
    const message = bytes.subarray(begin, at);
    messages.push(bytes[begin - 5] === 1 ? Buffer.from(message) : message.toString());
  }
  return messages;
}
