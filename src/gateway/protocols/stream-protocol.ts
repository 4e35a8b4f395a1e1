import type { InputBuffer } from './input-buffer.js';
import type { ClientProtocol } from './protocol.js';
import type { StreamConnection } from './stream-connection.js';

/** A protocol that cuts a stream of bytes into packages, each of which is a message in its framing. */
export interface StreamProtocol extends ClientProtocol {
  /**
   * Bytes of the package that `input` begins with, framing included; 0 while that cannot be told. It may be more than
   * has arrived: then it is not asked for again. `input` is not empty. Calls `connection.refuse` where these bytes
   * cannot become a package.
   */
  measure(input: InputBuffer, connection: StreamConnection): number;
  /** Takes the message out of a whole package and hands it to `connection.deliver`. */
  unpack(bytes: Buffer, connection: StreamConnection): void;
  /** The client has closed its side, and these bytes are no whole package. Where it is missing they are nothing. */
  unpackRest?(bytes: Buffer, connection: StreamConnection): void;
}
