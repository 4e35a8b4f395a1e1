import { Buffer } from 'node:buffer';
import type { InputBuffer } from './input-buffer.js';
import type { StreamProtocol } from './stream-protocol.js';
import type { StreamTransport } from './stream-transport.js';

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

  unpack(line: Buffer, transport: StreamTransport): void {
    deliver(line, line.length - 1, transport);
  },

  /** A last line that its sender did not end. */
  unpackRest(line: Buffer, transport: StreamTransport): void {
    deliver(line, line.length, transport);
  },
};

/** As Workerman, takes all `\r` off the end, not only one. */
function deliver(line: Buffer, length: number, transport: StreamTransport): void {
  let end = length;
  while (end > 0 && line[end - 1] === RETURN) end--;
  transport.deliver(line.subarray(0, end), false);
}
