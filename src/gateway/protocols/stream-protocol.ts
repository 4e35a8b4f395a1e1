import type { InputBuffer } from './input-buffer.js';
import type { ClientProtocol } from './protocol.js';
import type { StreamTransport } from './stream-transport.js';

/** A protocol that cuts a stream of bytes into packages, each of which is a message in its framing. */
export interface StreamProtocol extends ClientProtocol {
  /**
   * Bytes of the package that `input` begins with, framing included; 0 while that cannot be told. It may be more than
   * has arrived: then it is not asked for again. `input` is not empty. Calls `transport.refuse` where these bytes
   * cannot become a package.
   */
  measure(input: InputBuffer, transport: StreamTransport): number;
  /** Takes the message out of a whole package and hands it to `transport.deliver`. */
  unpack(bytes: Buffer, transport: StreamTransport): void;
  /** The client has closed its side, and these bytes are no whole package. Where it is missing they are nothing. */
  unpackRest?(bytes: Buffer, transport: StreamTransport): void;
}
