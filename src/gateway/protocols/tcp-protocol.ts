import { isUtf8 } from 'node:buffer';
import type { InputBuffer } from './input-buffer.js';
import type { StreamProtocol } from './stream-protocol.js';
import type { StreamConnection } from './stream-connection.js';

/** Raw TCP: whatever has arrived is a message. There are no boundaries, so nothing is too long: it comes in pieces. */
export function tcpProtocol(maxPackageSize: number): StreamProtocol {
  return {
    name: 'tcp',
    sharedEncoding: true,
    encode: (message: Buffer) => message,
    measure: (input: InputBuffer) => Math.min(input.length, maxPackageSize),
    unpack: (bytes: Buffer, connection: StreamConnection) => connection.deliver(bytes, !isUtf8(bytes)),
  };
}
