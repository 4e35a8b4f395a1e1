import { Buffer } from 'node:buffer';
import type { InputBuffer } from './input-buffer.js';
import type { StreamProtocol } from './stream-protocol.js';
import type { StreamConnection } from './stream-connection.js';

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Workerman's Text: one line is one message. Made for `nc` and `telnet`, so what is no UTF-8 is passed on as it is. */
export const textProtocol: StreamProtocol = {
  name: 'text',
  sharedEncoding: true,

  encode(message: Buffer): Buffer {
    const line = Buffer.allocUnsafe(message.length + 1);
    line.set(message);
    line[message.length] = NEWLINE;
    return line;
  },

  measure(input: InputBuffer): number {
    return input.indexOf(NEWLINE) + 1;
  },

  unpack(line: Buffer, connection: StreamConnection): void {
    deliver(line, line.length - 1, connection);
  },

  /** A last line that its sender did not end. */
  unpackRest(line: Buffer, connection: StreamConnection): void {
    deliver(line, line.length, connection);
  },
};

/** As Workerman, takes all `\r` off the end, not only one. */
function deliver(line: Buffer, length: number, connection: StreamConnection): void {
  let end = length;
  while (end > 0 && line[end - 1] === RETURN) end--;
  connection.deliver(line.subarray(0, end), false);
}
