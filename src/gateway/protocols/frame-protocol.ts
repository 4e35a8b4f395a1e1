import { isUtf8 } from 'node:buffer';
import type { InputBuffer } from './input-buffer.js';
import type { StreamProtocol } from './stream-protocol.js';
import type { StreamConnection } from './stream-connection.js';

/*
 * Workerman's Frame:
 *
 *     0        4
 *     ┌────────┬─────────┐
 *     │ length │ message │     length: big-endian, of the whole frame, itself included
 *     └────────┴─────────┘
 */
const HEADER_LENGTH = 4;

export const frameProtocol: StreamProtocol = {
  name: 'frame',
  sharedEncoding: true,

  encode(message: Buffer): Buffer {
    const frame = Buffer.allocUnsafe(HEADER_LENGTH + message.length);
    frame.writeUInt32BE(frame.length);
    frame.set(message, HEADER_LENGTH);
    return frame;
  },

  measure(input: InputBuffer, connection: StreamConnection): number {
    if (input.length < HEADER_LENGTH) return 0;
    const length = input.view().readUInt32BE();
    if (length >= HEADER_LENGTH) return length;
    connection.refuse(
      'length',
      `A frame length of ${length}; at least ${HEADER_LENGTH}, itself, was expected.`,
    );
    return 0;
  },

  unpack(frame: Buffer, connection: StreamConnection): void {
    const message = frame.subarray(HEADER_LENGTH);
    connection.deliver(message, !isUtf8(message));
  },
};
